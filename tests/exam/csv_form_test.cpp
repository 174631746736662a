#include "exam/csv_form.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("the separator is the comma where the first row has one, else the most frequent of the others") {
  CHECK(find_csv_form("id,prompt;A|B\tC\tD\n").separator == ',');
  CHECK(find_csv_form("id;prompt;A\n0,5;what|which;x\n").separator == ';');
  CHECK(find_csv_form("id\tprompt;A\tB\n").separator == '\t');
  CHECK(find_csv_form("id|prompt|A\n").separator == '|');
  CHECK(find_csv_form("\"id, or number\";\"prompt\"\n").separator == ';');
  CHECK(find_csv_form("id\n0,1\n").separator == ',');
  CHECK(find_csv_form("").separator == ',');
}

TEST_CASE("a first line sep= names the separator and is not a row") {
  const CsvForm named = find_csv_form("sep=;\r\nid,prompt\r\n");
  CHECK(named.separator == ';');
  CHECK(named.marker_bytes == 7);
  CHECK(find_csv_form("sep=,\nid,prompt\n").marker_bytes == 6);
  CHECK(find_csv_form("\"sep=\t\"\rid\tprompt\r").marker_bytes == 8);
  CHECK(find_csv_form("sep=,").marker_bytes == 5);
  CHECK(find_csv_form("sep=,,x\nid,prompt\n").marker_bytes == 0);
  CHECK(find_csv_form("sepal,petal\n").marker_bytes == 0);
}

TEST_CASE("rows end with a carriage return where no line feed stands outside quotes") {
  CHECK(find_csv_form("id,prompt\r0,\"one\ntwo\"\r").lone_cr);
  CHECK_FALSE(find_csv_form("id,prompt\r\n0,x\r\n").lone_cr);
  CHECK_FALSE(find_csv_form("id,prompt\n0\r,x\n").lone_cr);
  CHECK_FALSE(find_csv_form("id,prompt\n0,\"one\rtwo\"\n").lone_cr);
  CHECK_FALSE(find_csv_form("id,prompt\r").lone_cr); // one row: nothing to divide
}
