#include "data/forms/read_data.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

std::string fault_of_text(const std::string& text) {
  return fault_of([&] { data_of(text); });
}

/// The reasons of the rejected rows, in order.
std::vector<Reason> reasons(const DataSet& data) {
  std::vector<Reason> all;
  for (const Rejection& rejection : data.rejected)
    all.push_back(rejection.reason);
  return all;
}

} // namespace

TEST_CASE("a set with other columns, four options and numbers as answers becomes questions") {
  const DataSet data = data_of("label,question,choice1,choice2,choice3,choice4\n"
                               "0,Why &lt; now?,  one ,two,three,four\n3,Who?,a,b,c,d\n");
  REQUIRE(data.records.size() == 2);
  const Question& question = data.records[0].question;
  CHECK(question.prompt == "Why < now?");
  CHECK(question.options == std::array<std::string, kOptions>{"one", "two", "three", "four", ""});
  CHECK(question.answer == 0);
  CHECK(question.id.empty());
  CHECK(data.records[1].question.answer == 3);
  CHECK(data.records[1].row == 3);
  CHECK(data.records[0].source == "set");
  CHECK(data.files.at(0).read == 2);
  CHECK(data.files[0].form == "question, 4 options (choice1 to choice4), label; answers are numbers from 0");
  CHECK(data.cleaning == CleaningCounts{.entities = 1, .spaces = 1});
}

TEST_CASE("a right option beside its distractors is answer A") {
  const DataSet data = data_of("question,distractor1,distractor2,distractor3,correct_answer\nWhy?,x,y,z,w\n");
  CHECK(data.records.at(0).question.options == std::array<std::string, kOptions>{"w", "x", "y", "z", ""});
  CHECK(data.records[0].question.answer == 0);
}

TEST_CASE("a column source names the source of each row") {
  const DataSet data = data_of("prompt,A,B,answer,source\np,x,y,A,wiki\nq,x,y,B,\n");
  CHECK(data.records.at(0).source == "wiki");
  CHECK(data.records.at(1).source == "set");
}

TEST_CASE("rows that cannot be used are rejected with their reason, and the others are read") {
  const DataSet data = data_of("prompt,A,B,C,D,E,answer\n"
                               " ,1,2,3,4,5,A\n"
                               "two equal,1,2,2,4,5,A\n"
                               "one option,1,,,,,A\n"
                               "no answer,1,2,3,4,5,\n"
                               "unknown,1,2,3,4,5,F\n"
                               "empty right one,1,2,,4,5,C\n"
                               "an empty one,1,2,,4,5,A\n"
                               "good,1,2,3,4,5,B\n");
  CHECK(reasons(data) == std::vector<Reason>{Reason::empty_prompt, Reason::doubled_option, Reason::few_options,
                                             Reason::no_answer, Reason::unknown_answer, Reason::empty_answer});
  CHECK(data.rejected[4].row == 6);
  CHECK(data.rejected[4].detail == "\"F\"");
  CHECK(data.rejected[4].prompt == "unknown");
  CHECK(data.records.size() == 2);
  CHECK(data.files.at(0).read == 8);
}

TEST_CASE("an answer beyond the file's options is not an answer") {
  CHECK(reasons(data_of("prompt,A,B,C,D,answer\np,1,2,3,4,E\nq,1,2,3,4,A\n")) ==
        std::vector<Reason>{Reason::unknown_answer});
}

TEST_CASE("empty options are dropped only on request") {
  const std::string four = "prompt,A,B,C,D,answer\nfull,1,2,3,4,A\nempty,1,,3,4,A\n";
  CHECK(data_of(four).records.size() == 2);
  const DataSet dropped = data_of(four, {.questions = {.drop_empty_options = true}});
  CHECK(reasons(dropped) == std::vector<Reason>{Reason::empty_option});
  CHECK(dropped.rejected[0].detail == "B");
  CHECK(dropped.records.at(0).question.prompt == "full");
}

TEST_CASE("with five options required, four are too few") {
  const std::string five = "prompt,A,B,C,D,E,answer\nfull,1,2,3,4,5,A\nfour,1,2,3,4,,A\n";
  CHECK(reasons(data_of(five, {.questions = {.require_five = true}})) == std::vector<Reason>{Reason::few_options});
}

TEST_CASE("a file without usable rows or without answers is refused") {
  CHECK_THAT(fault_of_text("prompt,A,B,answer\np,1,1,A\n"),
             ContainsSubstring("has 1 row, none of which can be used; the last was rejected for: two equal options. "));
  CHECK_THAT(fault_of_text("prompt,A,B,answer\n"), ContainsSubstring("has 0 rows, none of which can be used. "));
  CHECK_THAT(fault_of_text("prompt,A,B\np,1,2\n"),
             ContainsSubstring("row 1: the header has no column for the answer. "));
}

TEST_CASE("a row with another number of cells is rejected by name, the others are read") {
  const DataSet data =
      data_of("question|A|B|C|D|answerKey\nq|1|2|3|4|A\nshort|1|2|3|B\nr|1|2|3|4|B|5\ns|1|2|3|4|C||\n\n"
              "t|1|2|3|4|D\n");
  CHECK(reasons(data) == std::vector<Reason>{Reason::malformed_row, Reason::malformed_row});
  CHECK(data.rejected[0].row == 3);
  CHECK(data.rejected[0].prompt == "short");
  CHECK(data.rejected[0].detail == "only 5 cells, but the header names 6 columns");
  CHECK(data.rejected[1].row == 4);
  CHECK(data.rejected[1].detail == "7 cells, but the header names 6 columns");
  REQUIRE(data.records.size() == 3);
  CHECK(data.records[1].question.prompt == "s");
  CHECK(data.records[2].row == 7);
}

TEST_CASE("questions with more than five options are left out, or cut to five on request") {
  const std::string text =
      "question,A,B,C,D,E,F,G,answer\nseven,1,2,3,4,5,6,7,G\nfive,1,,3,4,,6,7,F\nfour,1,2,3,4,,,,B\n";
  const DataSet data = data_of(text);
  CHECK(reasons(data) == std::vector<Reason>{Reason::many_options});
  CHECK(data.rejected[0].detail == "7 options; --cut-options keeps five of them");
  REQUIRE(data.records.size() == 2);
  CHECK(data.records[0].question.options == std::array<std::string, kOptions>{"1", "3", "4", "6", "7"});
  CHECK(data.records[0].question.answer == 3);
  CHECK(data.records[1].question.answer == 1);
  const DataSet cut = data_of(text, {.questions = {.cut_options = true}});
  REQUIRE(cut.records.size() == 3);
  CHECK(cut.records[0].question.options == std::array<std::string, kOptions>{"1", "2", "3", "4", "7"});
  CHECK(cut.records[0].question.answer == 4);
}

TEST_CASE("what a file's columns hold and which are not used is kept for the report") {
  const DataSet data =
      data_of("id,question,option_a,option_b,correct_answer,passage_text,level\n1,Why?,x,y,A,Since.,7\n");
  CHECK(data.records.at(0).question.context == "Since.");
  CHECK(data.files.at(0).unused == "level");
}

TEST_CASE("several contexts are cleaned and kept, those without text are none") {
  const DataSet data = data_of(
      "id,question,A,B,answer,context,context_2,context_3\n1,Why?,x,y,A,Since.,,&lt;As&gt;\n2,Who?,x,y,A,,It.,\n");
  CHECK(data.records.at(0).question.context == "Since.");
  CHECK(data.records.at(0).question.further_contexts == std::vector<std::string>{"<As>"});
  CHECK(data.records.at(1).question.context == "It.");
  CHECK(data.records.at(1).question.further_contexts.empty());
}

TEST_CASE("CSV stays strict: its faults name row and column") {
  CHECK_THAT(fault_of_text("prompt,A,B,answer\np,1,2,A\n\"q,1,2,B\n"),
             ContainsSubstring("set.csv, row 3, column prompt: the double quote that opens the cell is never closed"));
}

TEST_CASE("files with the same name get distinct names") {
  DataSet data;
  data.add_file("a/train.csv");
  data.add_file("b/train.csv");
  data.add_file("train.txt");
  CHECK(data.files[0].name == "train");
  CHECK(data.files[1].name == "train-2");
  CHECK(data.files[2].name == "train-3");
}

TEST_CASE("a hold-out with a malformed row is refused: what is not read cannot be held out") {
  const TemporaryFolder folder;
  CHECK_THAT(fault_of([&] { read_hold_out(write_file(folder / "test.csv", "prompt,A,B\np,1,2\nq,1\n")); }),
             ContainsSubstring("test.csv, row 3: has only 2 cells, but the header names 3 columns. "));
}

TEST_CASE("a hold-out is read with or without answers, faulty rows too") {
  const TemporaryFolder folder;
  const HoldOut hold_out =
      read_hold_out(write_file(folder / "test.csv", "id,prompt,A,B,C,D,E\n0,a &amp; b,1,1,,,\n\n1,,,,,,\n"));
  const std::vector<Question>& questions = hold_out.questions;
  CHECK(hold_out.rows == std::vector<std::size_t>{2, 4});
  REQUIRE(questions.size() == 2);
  CHECK(questions[0].prompt == "a & b");
  CHECK_FALSE(read_hold_out(write_file(folder / "train.csv", "prompt,A,B,answer\np,1,2,1\n")).questions.at(0).answer);
  CHECK_THAT(fault_of([&] { read_hold_out(write_file(folder / "none.csv", "prompt,A,B\n")); }),
             EndsWith("has a header but no questions. Check that the file was copied completely"));
}
