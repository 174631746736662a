#include "exam/csv.hpp"
#include "exam/texts.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <random>
#include <string_view>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::string csv_fault(const std::string& text) {
  return input_fault([&] { rows_of(text); });
}

} // namespace

TEST_CASE("rows end with LF or CRLF, and the last one needs no end") {
  const Rows expected = {{"a", "b"}, {"1", "2"}, {"", ""}};
  CHECK(rows_of("a,b\n1,2\n,\n") == expected);
  CHECK(rows_of("a,b\r\n1,2\r\n,\r\n") == expected);
  CHECK(rows_of("a,b\r\n1,2\n,") == expected);
  CHECK(rows_of("a,b\r\n1,2\r\n,\r") == expected); // cut short between CR and LF
}

TEST_CASE("a quoted cell may hold a newline") {
  CHECK(rows_of("a,b\n\"x\ny\",\"\r\n\"\n") == Rows{{"a", "b"}, {"x\ny", "\r\n"}});
}

TEST_CASE("a lone carriage return in a quoted cell is kept") {
  CHECK(rows_of("a,b\n\"x\ry\",z\n") == Rows{{"a", "b"}, {"x\ry", "z"}});
}

TEST_CASE("a quoted cell may hold commas and doubled quotes") {
  CHECK(rows_of("a,b\n\"1,2\",\"say \"\"hi\"\"\"\n") == Rows{{"a", "b"}, {"1,2", "say \"hi\""}});
  CHECK(rows_of("a,b\n\"\"\"\",\"\"\n") == Rows{{"a", "b"}, {"\"", ""}});
}

TEST_CASE("spaces around a cell belong to it") {
  CHECK(rows_of("a, b\n 1 ,\t2\n") == Rows{{"a", " b"}, {" 1 ", "\t2"}});
}

TEST_CASE("a byte order mark is skipped at the file's start and nowhere else") {
  CHECK(rows_of("\xEF\xBB\xBF\"a\",b\n\xEF\xBB\xBF,2\n") == Rows{{"a", "b"}, {"\xEF\xBB\xBF", "2"}});
}

TEST_CASE("empty lines at the end are ignored") {
  CHECK(rows_of("a,b\n1,2\n\n\r\n\n") == Rows{{"a", "b"}, {"1", "2"}});
  CHECK(rows_of("a\n1\n\n") == Rows{{"a"}, {"1"}});
}

TEST_CASE("an empty line between rows is refused at its row") {
  CHECK(csv_fault("a,b\n1,2\n\n3,4\n") == "exam.csv, row 3: the line is empty, but rows follow. Remove the empty line");
  CHECK_THAT(csv_fault("\na,b\n"), StartsWith("exam.csv, row 1: the line is empty"));
}

TEST_CASE("a row number counts rows, not lines, and stays after the last row") {
  CsvReader reader = reader_of("a,b\n\"1\n\n\n\",2\n3,4\n\n\n");
  std::vector<std::string> cells;
  CHECK(reader.row() == 0);
  for (std::size_t row = 1; reader.next(cells); ++row)
    CHECK(reader.row() == row);
  CHECK(reader.row() == 3);
  CHECK(cells.empty());
  CHECK_FALSE(reader.next(cells));
}

TEST_CASE("an empty file is refused") {
  for (const std::string text : {"", "\n\r\n", "\xEF\xBB\xBF"})
    CHECK(csv_fault(text) == "exam.csv: is empty. Check that it was copied completely, and that it is the right file");
}

TEST_CASE("an unterminated quote is refused at the row where it begins") {
  CHECK_THAT(csv_fault("id,prompt\n1,x\n2,\"why\n3,y\n4,z\n"),
             StartsWith("exam.csv, row 3, column prompt: the double quote that opens the cell is never closed. "));
  CHECK_THAT(csv_fault("\""), StartsWith("exam.csv, row 1, column 1: "));
}

TEST_CASE("text after a closing quote is refused") {
  CHECK_THAT(csv_fault("id,prompt\n1,\"why\"not\n"),
             StartsWith("exam.csv, row 2, column prompt: has text after its closing double quote. "));
  CHECK_THAT(csv_fault("id,prompt\n1,\"why\" \n"), ContainsSubstring("after its closing"));
}

TEST_CASE("a quote inside an unquoted cell is refused") {
  CHECK_THAT(csv_fault("id,prompt\n1,5\" wide\n"),
             StartsWith("exam.csv, row 2, column prompt: has a double quote but does not begin with one. "));
}

TEST_CASE("a lone carriage return outside quotes is refused") {
  CHECK_THAT(csv_fault("id,prompt\n1\r,x\n"),
             StartsWith("exam.csv, row 2, column id: is followed by a carriage return without a line feed. "));
  CHECK_THAT(csv_fault("id,prompt\n1,\"x\"\ry\n"), ContainsSubstring("carriage return"));
}

TEST_CASE("a file whose rows all end with a carriage return alone is read") {
  CHECK(rows_of("a,b\r1,\"x\ny\"\r,\r\r") == Rows{{"a", "b"}, {"1", "x\ny"}, {"", ""}});
  CHECK_THAT(csv_fault("a,b\r1\r"), StartsWith("exam.csv, row 2: has only 1 cell"));
}

TEST_CASE("a line that names the comma as separator is skipped and not counted") {
  CHECK(rows_of("sep=,\r\na,b\r\n1,2\r\n") == Rows{{"a", "b"}, {"1", "2"}});
  CHECK(rows_of("\xEF\xBB\xBFsep=,\na,b\n") == Rows{{"a", "b"}});
  CHECK_THAT(csv_fault("sep=,\na,b\n1\n"), StartsWith("exam.csv, row 2: has only 1 cell"));
}

TEST_CASE("other separators than commas are refused by name") {
  const std::string remedy = " between cells, not commas. Export it as CSV with commas, and check that the ids are "
                             "still the same: they are copied into the submission";
  CHECK(csv_fault("id;prompt;A\n0;x;y\n") == "exam.csv, row 1: has semicolons" + remedy);
  CHECK(csv_fault("\"id\";\"prompt\"\n0;\"x\"\n") == "exam.csv, row 1: has semicolons" + remedy);
  CHECK(csv_fault("id\tprompt\n") == "exam.csv, row 1: has tabs" + remedy);
  CHECK(csv_fault("id|prompt|A\n") == "exam.csv, row 1: has vertical bars (|)" + remedy);
  CHECK(csv_fault("sep=;\nid;prompt\n") == "exam.csv, row 1: has semicolons" + remedy);
  CHECK(csv_fault("sep=#\nid#prompt\n") == "exam.csv, row 1: has the character '#'" + remedy);
}

TEST_CASE("a file that is not a table in UTF-8 is refused, naming what it is") {
  using namespace std::string_literals;
  CHECK(csv_fault("\x1F\x8B\x08\0"s) == "exam.csv: is a gzip archive. Unpack it with gunzip");
  CHECK_THAT(csv_fault("\xFF\xFEi\0d\0"s), StartsWith("exam.csv: is UTF-16 text (little-endian). Save it as UTF-8"));
  CHECK_THAT(csv_fault("<!doctype html>\n"), StartsWith("exam.csv: is a web page"));
  CHECK_THAT(csv_fault("[{\"id\": 0}]"), StartsWith("exam.csv: is JSON. "));
  CHECK_THAT(csv_fault("version https://git-lfs.github.com/spec/v1\n"), StartsWith("exam.csv: is a Git LFS pointer"));
}

TEST_CASE("invalid UTF-8 is refused with its byte") {
  CHECK(csv_fault("id,prompt\n1,caf\xE9\n") == "exam.csv, row 2, column prompt: is not valid UTF-8 at byte 3 of the "
                                               "cell. Save the file as UTF-8");
  CHECK_THAT(csv_fault("id,prompt\n1,\xC3,\n"), ContainsSubstring("column prompt: is not valid UTF-8 at byte 0"));
  CHECK_THAT(csv_fault("id,\xFF\n"), StartsWith("exam.csv, row 1, column 2: is not valid UTF-8"));
}

TEST_CASE("a NUL byte is refused, in quotes and without") {
  using namespace std::string_literals;
  CHECK_THAT(csv_fault("id,prompt\n1,a\0b\n"s), StartsWith("exam.csv, row 2, column prompt: holds a NUL byte. "));
  CHECK_THAT(csv_fault("id,prompt\n\"\0\",b\n"s), StartsWith("exam.csv, row 2, column id: holds a NUL byte. "));
}

TEST_CASE("a wrong number of cells is refused") {
  CHECK(csv_fault("a,b,c\n1,2,3\n1,2\n") == "exam.csv, row 3: has only 2 cells, where the header names 3 columns. Put "
                                            "cells that hold commas or line ends in double quotes");
  CHECK_THAT(csv_fault("a,b,c\n1,2,3,4\n"), StartsWith("exam.csv, row 2: has more cells, where the header names 3"));
}

TEST_CASE("a header of too many columns is refused") {
  CHECK(rows_of(std::string(CsvReader::kMaxColumns - 1, ','))[0].size() == CsvReader::kMaxColumns);
  CHECK_THAT(csv_fault(std::string(CsvReader::kMaxColumns, ',')), ContainsSubstring("more than 4096 columns"));
}

TEST_CASE("a file that does not exist, or is a folder, is refused by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(CsvReader(folder / "none.csv"), UsageError);
  CHECK_THROWS_WITH(CsvReader(folder / "none.csv"), ContainsSubstring("none.csv: cannot be opened: No such file"));
  CHECK_THROWS_AS(CsvReader(folder.path()), UsageError);
}

TEST_CASE("a cell of 10 MB is read whole from a file") {
  const TemporaryFolder folder;
  std::string cell;
  while (cell.size() < 10'000'000)
    cell += "a \"quoted\" word, \r\n";
  write_file_atomically(folder / "large.csv", "id,prompt\n7," + csv_cell(cell) + "\n");
  CsvReader reader(folder / "large.csv");
  std::vector<std::string> cells;
  REQUIRE(reader.next(cells));
  REQUIRE(reader.next(cells));
  CHECK(cells[0] == "7");
  CHECK((cells[1] == cell)); // no text of 10 MB in a failure's report
  CHECK_FALSE(reader.next(cells));
}

TEST_CASE("a cell may have 16 MiB and not a byte more") {
  const std::string most(CsvReader::kMaxCellBytes, 'x');
  CHECK(rows_of("a,b\n1," + most + "\n")[1][1].size() == most.size());
  CHECK_THAT(csv_fault("a,b\n1," + most + "x\n"), StartsWith("exam.csv, row 2, column b: is longer than 16 MiB"));
  CHECK_THAT(csv_fault("a,b\n1,\"" + most + "x\"\n"), StartsWith("exam.csv, row 2, column b: is longer than 16 MiB"));
}

TEST_CASE("the reader's block boundaries may fall anywhere in a file") {
  // Every byte of a tricky row comes to lie on each side of a block's end.
  const std::string tricky = "\"\"\"\r\n\",\xE2\x82\xAC\r\n";
  const std::size_t block = std::size_t{64} << 10;
  for (std::size_t shift = 0; shift <= tricky.size(); ++shift) {
    const std::string filler(block - 7 - shift, 'x'); // "a,b,c\n" and a comma make seven
    const Rows rows = rows_of("a,b,c\n" + filler + "," + tricky + "1,2,3");
    REQUIRE(rows.size() == 3);
    CHECK((rows[1] == std::vector<std::string>{filler, "\"\r\n", "\xE2\x82\xAC"}));
    CHECK(rows[2] == std::vector<std::string>{"1", "2", "3"});
  }
}

TEST_CASE("random cells written and read back are equal") {
  std::mt19937 random(20230711);
  const auto below = [&](unsigned n) { return random() % n; };
  const std::string_view pieces[] = {",", "\"", "\n", "\r", "\r\n", " ", "a", "7", "\xC3\xA9", "\xF0\x9F\x94\xAC",
                                     "\t"};
  for (int round = 0; round < 500; ++round) {
    Rows rows(1 + below(5), std::vector<std::string>(2 + below(4)));
    std::string text;
    for (std::vector<std::string>& row : rows) {
      for (std::string& cell : row) {
        for (unsigned n = below(6); n > 0; --n)
          cell += pieces[below(std::size(pieces))];
        text += csv_cell(cell) + (&cell == &row.back() ? "" : ",");
      }
      text += &row == &rows.back() && below(2) == 0 ? "" : below(2) == 0 ? "\n" : "\r\n";
    }
    CAPTURE(text);
    REQUIRE(rows_of(text) == rows);
  }
}

TEST_CASE("a written cell is quoted only where it must be") {
  CHECK(csv_cell("") == "");
  CHECK(csv_cell("caf\xC3\xA9 7;'") == "caf\xC3\xA9 7;'");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
  CHECK(csv_cell("a\nb") == "\"a\nb\"");
  CHECK(csv_cell("a\rb") == "\"a\rb\"");
}

TEST_CASE("an excerpt is short and printable") {
  CHECK(excerpt("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(excerpt(std::string(40, 'x')) == std::string(40, 'x'));
  CHECK(excerpt(std::string(41, 'x')) == std::string(40, 'x') + "...");
  CHECK(excerpt("a\nb\x1B\x7F\xC2\x85\xFF") == "a?b????");
}

TEST_CASE("other separators, cell counts and quotes are read where they are allowed") {
  const TemporaryFolder folder;
  const auto rows = [&](const std::string& text, CsvRules rules) {
    write_file_atomically(folder / "set.csv", text);
    CsvReader reader(folder / "set.csv", rules);
    Rows all;
    for (std::vector<std::string> cells; reader.next(cells);)
      all.push_back(cells);
    return all;
  };
  CHECK(rows("a;b\n\"x;y\";1,2\n", {.separator = ';'}) == Rows{{"a", "b"}, {"x;y", "1,2"}});
  CHECK(rows("a\tb\n\"x\t1\"\n", {.separator = '\t', .quotes = false}) == Rows{{"a", "b"}, {"\"x", "1\""}});
  CHECK(rows("a,b\n1\n\n1,2,3\n", {.any_cell_count = true}) == Rows{{"a", "b"}, {"1"}, {"1", "2", "3"}});
  CHECK_THAT(input_fault([&] { rows("a;b\n1\n", {.separator = ';'}); }), ContainsSubstring("row 2: has only 1 cell"));
}
