#include "data/sets.hpp"
#include "data/tables/json_table.hpp"
#include "data/tables/read_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

Table json_table_of(const std::string& text, const std::string& name = "set.json") {
  const TemporaryFolder folder;
  return read_table(write_file(folder / name, text));
}

std::string fault_of_text(const std::string& text, const std::string& name = "set.json") {
  return fault_of([&] { json_table_of(text, name); });
}

const std::string kOne = R"({"question": "p", "A": "x", "B": "y", "answer": "A"})";
const std::string kTwo = R"({"question": "q", "A": "v", "B": "w", "answer": "B"})";

/// Holds for a table of kOne and kTwo.
void check_two(const Table& table) {
  REQUIRE(table.rows.size() == 2);
  const auto cell = [&](std::size_t row, const std::string& name) -> std::string {
    for (std::size_t column = 0; column < table.names.size(); ++column)
      if (table.names[column] == name)
        return *table.rows[row].find(column);
    return "(no column " + name + ")";
  };
  CHECK(cell(0, "question") == "p");
  CHECK(cell(0, "B") == "y");
  CHECK(cell(1, "question") == "q");
  CHECK(cell(1, "answer") == "B");
  CHECK_FALSE(table.has_header);
}

} // namespace

TEST_CASE("lists, lines and exports of pandas and the dataset server give the same table") {
  check_two(json_table_of("[" + kOne + ", " + kTwo + "]"));
  check_two(json_table_of("\xEF\xBB\xBF\n [" + kOne + ",\n" + kTwo + "]\n"));
  check_two(json_table_of(kOne + "\n\n" + kTwo + "\n"));
  check_two(json_table_of(kOne + "\n" + kTwo, "set.jsonl"));
  check_two(json_table_of(R"({"data": [)" + kOne + "," + kTwo + R"(], "version": 3})"));
  check_two(json_table_of(R"({"set": {"questions": [)" + kOne + "," + kTwo + R"(]}, "version": "3"})"));
  check_two(json_table_of(R"({"q1": )" + kOne + R"(, "q2": )" + kTwo + "}"));
  check_two(json_table_of(R"({"columns": ["question", "A", "B", "answer"], "index": [0, 1],
                         "data": [["p", "x", "y", "A"], ["q", "v", "w", "B"]]})"));
  check_two(json_table_of(R"({"question": {"0": "p", "1": "q"}, "A": {"0": "x", "1": "v"}, "B": {"0": "y", "1": "w"},
                         "answer": {"0": "A", "1": "B"}})"));
  check_two(json_table_of(R"({"question": ["p", "q"], "A": ["x", "v"], "B": ["y", "w"], "answer": ["A", "B"]})"));
  check_two(json_table_of(R"({"schema": {"fields": [{"name": "question"}]}, "data": [)" + kOne + "," + kTwo + "]}"));
  check_two(json_table_of(R"({"features": [{"name": "question"}], "num_rows_total": 2, "rows": [)"
                          R"({"row_idx": 0, "row": )" +
                          kOne +
                          R"(, "truncated_cells": []},)"
                          R"({"row_idx": 1, "row": )" +
                          kTwo + R"(, "truncated_cells": []}]})"));
}

TEST_CASE("the rows of JSON lines are its lines, those of a document its records") {
  CHECK(json_table_of(kOne + "\n\n" + kTwo + "\n").rows.at(1).row == 3);
  CHECK(json_table_of("[" + kOne + ",\n\n" + kTwo + "]").rows.at(1).row == 2);
  CHECK(json_table_of(kOne).rows.at(0).row == 1);
}

TEST_CASE("keys serve as ids for questions that have none") {
  const Table table = json_table_of(R"({"q1": )" + kOne + "}");
  CHECK(table.names.back() == "id");
  CHECK(table.rows.at(0).cells.back().text == "q1");
}

TEST_CASE("records may lack members that others have") {
  const Table table = json_table_of(R"([{"question": "p"}, {"A": "x", "question": "q"}])");
  CHECK(table.names == std::vector<std::string>{"question", "A"});
  CHECK(table.rows.at(0).find(1) == nullptr);
  CHECK(*table.rows.at(1).find(1) == "x");
}

TEST_CASE("faulty JSON is refused with its line or path, and what to do") {
  CHECK_THAT(fault_of_text(kOne + "\n{\"question\": \n", "set.jsonl"),
             ContainsSubstring("set.jsonl, row 2: is not valid JSON at byte "));
  CHECK_THAT(fault_of_text(kOne + "\n[1]\n", "set.jsonl"),
             ContainsSubstring("set.jsonl, row 2, column $: is not an object. Write each question as an object"));
  CHECK_THAT(fault_of_text("[" + kOne + ", 7]"), ContainsSubstring("set.json, column $[1]: is not an object. "));
  CHECK_THAT(fault_of_text("[" + kOne), ContainsSubstring("set.json: is not valid JSON at byte "));
  CHECK_THAT(fault_of_text(R"({"train": [)" + kOne + R"(], "test": [)" + kTwo + "]}"),
             ContainsSubstring("column $: has more than one list, \"train\" and \"test\". Give a file of one list"));
  CHECK_THAT(fault_of_text(R"({"a": 1})"), ContainsSubstring("column $: has no list of questions. "));
  CHECK_THAT(fault_of_text(R"({"columns": ["question", "A"], "data": [["p", "x"], ["q"]]})"),
             ContainsSubstring("column $.data[1]: has 1 value, but there are 2 columns. "));
  CHECK_THAT(fault_of_text(R"({"question": ["p", "q"], "A": ["x"]})"),
             ContainsSubstring("column $.A: has 1 value, but the first column has 2. "));
  CHECK_THAT(fault_of_text(R"({"question": {"0": "p"}, "A": {"1": "x"}})"),
             ContainsSubstring("column $.A: has \"1\" where the first column has \"0\". "));
  CHECK_THAT(fault_of_text(std::string(100, '[')), ContainsSubstring("set.json: is nested deeper than 64 levels"));
}

TEST_CASE("an object with too many members is refused, naming another form to save it in") {
  std::string text = R"({"question": {"0": "p")";
  for (int i = 1; i < 17000; ++i)
    text += ",\"" + std::to_string(i) + "\": \"p\"";
  CHECK_THAT(fault_of_text(text + "}}"), ContainsSubstring("Save a table as a list of records, or as JSON lines"));
}

TEST_CASE("a document without questions is refused as a set without columns is") {
  CHECK_THAT(fault_of([] { data_of("[]"); }), ContainsSubstring("set.csv: has no column for the question"));
  CHECK_THAT(
      fault_of([] { data_of(R"([{"text": "p", "options": ["x", "y"], "answer": "A"}])"); }),
      ContainsSubstring("set.csv: has no column for the question (found: options.A, options.B, text, answer). "));
  CHECK_THAT(fault_of([] { data_of(R"([{"question": "p", "options": ["x", "y"]}])"); }),
             ContainsSubstring("set.csv: has no answers. "));
}
