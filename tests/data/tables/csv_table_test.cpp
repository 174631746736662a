#include "data/sets.hpp"
#include "data/tables/csv_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

Table table_of(const std::string& text) {
  const TemporaryFolder folder;
  return read_csv_table(write_file(folder / "set.tsv", text));
}

} // namespace

TEST_CASE("the separator is the most frequent one in the header, outside quotes") {
  CHECK(find_separator("prompt,A,B\n") == ',');
  CHECK(find_separator("prompt\tA\tB\n1,2,3,4") == '\t');
  CHECK(find_separator("prompt;A;B") == ';');
  CHECK(find_separator("prompt|A|B\r\n") == '|');
  CHECK(find_separator("\"a;b;c;d\",A,B\n") == ',');
  CHECK(find_separator("Question, if any\tA\tB\n") == '\t');
  CHECK(find_separator("prompt\n;;;") == ',');
  CHECK(find_separator("") == ',');
}

TEST_CASE("a set with any separator is read") {
  const char separator = GENERATE(',', '\t', ';', '|');
  std::string text = "question,A,B,answer\n\"Why, \"\"so\"\"?\",x,y,B\n";
  for (char& byte : text)
    if (byte == ',')
      byte = separator;
  const DataSet data = data_of(text);
  REQUIRE(data.records.size() == 1);
  const std::string cleaned = separator == '\t' ? " \"so\"?" : std::string(1, separator) + " \"so\"?";
  CHECK(data.records[0].question.prompt == "Why" + cleaned);
  CHECK(data.records[0].question.answer == 1);
}

TEST_CASE("the form of a file with a separator other than a comma is named") {
  CHECK(table_of("a,b\n").form.empty());
  CHECK(table_of("a\tb\n").form == "tabs between cells");
}

TEST_CASE("in a file with tabs, unpaired quotes are ordinary characters") {
  const Table table = table_of("question\tA\tB\n\"Open\" and \"shut\" what?\tsay \"x\"\t5\" long\nq\t\"y\tz\n");
  REQUIRE(table.rows.size() == 2);
  CHECK(*table.rows[0].find(0) == "\"Open\" and \"shut\" what?");
  CHECK(*table.rows[0].find(2) == "5\" long");
  CHECK(*table.rows[1].find(1) == "\"y");
  CHECK(*table_of("question\tA\tB\n\"a\tb\"\t1\t2\n").rows.at(0).find(0) == "a\tb");
  CHECK_THAT(fault_of([] { table_of("question,A,B\nsay \"x\",1,2\n"); }),
             ContainsSubstring("row 2, column question: "));
}

TEST_CASE("rows with too few or too many cells carry their fault, empty cells beyond the header none") {
  const Table table = table_of("a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n\n1,2,3\n");
  REQUIRE(table.rows.size() == 4);
  CHECK(table.rows[0].fault == "only 2 cells, but the header names 3 columns");
  CHECK(table.rows[1].fault == "4 cells, but the header names 3 columns");
  CHECK(table.rows[2].fault.empty());
  CHECK(table.rows[3].fault.empty());
  CHECK(table.rows[3].row == 6);
}
