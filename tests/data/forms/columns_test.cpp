#include "data/forms/columns.hpp"
#include "data/sets.hpp"

#include <memory>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

DataColumns columns_of(const std::string& header) {
  CsvReader reader(std::make_unique<std::istringstream>(header + "\n"), "set.csv");
  std::vector<std::string> cells;
  reader.next(cells);
  return find_data_columns(reader);
}

using Indices = std::vector<std::size_t>;

} // namespace

TEST_CASE("the competition's columns are found in any order") {
  const DataColumns columns = columns_of("E,answer,id,C,prompt,A,D,B,context");
  CHECK(columns.id == 2);
  CHECK(columns.prompt == 4);
  CHECK(columns.answer == 1);
  CHECK(columns.context == 8);
  CHECK_FALSE(columns.source);
  CHECK(columns.options == Indices{5, 7, 3, 6, 0});
}

TEST_CASE("other names of the same columns are found") {
  const std::string options =
      GENERATE("a,b,c,d", "option_a,option_b,option_c,option_d", "OptionA,OptionB,OptionC,OptionD",
               "Choice 1,Choice 2,Choice 3,Choice 4", "opt-0,opt-1,opt-2,opt-3", "choice_a,choice_b,choice_c,choice_d",
               "answer1,answer2,answer3,answer4", "ending0,ending1,ending2,ending3");
  CAPTURE(options);
  const DataColumns columns = columns_of("Question ID,Question," + options + ",Correct Answer,support,Dataset");
  CHECK(columns.id == 0);
  CHECK(columns.prompt == 1);
  CHECK(columns.options == Indices{2, 3, 4, 5});
  CHECK(columns.answer == 6);
  CHECK(columns.context == 7);
  CHECK(columns.source == 8);
}

TEST_CASE("of several names of one kind the table's first counts") {
  CHECK(columns_of("question,prompt,label,answer,A,B").prompt == 1);
  CHECK(columns_of("question,prompt,label,answer,A,B").answer == 3);
}

TEST_CASE("a right option beside distractors is the first option") {
  const DataColumns columns = columns_of("question,distractor3,distractor1,distractor2,correct_answer,support");
  CHECK(columns.right_option_apart);
  CHECK(columns.options == Indices{4, 2, 3, 1});
  CHECK(columns_of("Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2").options == Indices{1, 2, 3});
  CHECK_FALSE(columns_of("prompt,A,B,answer").right_option_apart);
}

TEST_CASE("a header without question or options is refused") {
  CHECK(
      fault_of([] { columns_of("id,A,B,answer"); }) ==
      "set.csv, row 1: the header has no column for the question. Name it prompt or question, and the others id, A, B, "
      "C, D, E and answer");
  CHECK_THAT(fault_of([] { columns_of("prompt,answer"); }), ContainsSubstring("no columns for the options"));
  CHECK_THAT(fault_of([] { columns_of("prompt,A,answer"); }), ContainsSubstring("no columns for the options"));
  CHECK_THAT(fault_of([] { columns_of("prompt;A;B;answer"); }),
             ContainsSubstring("row 1: has semicolons between cells, not commas. "));
}

TEST_CASE("doubled columns, a gap between options and a sixth option are refused") {
  CHECK_THAT(fault_of([] { columns_of("prompt,A,B,answer,Prompt"); }),
             ContainsSubstring("row 1, column Prompt: the header names it twice, first as column 1. "));
  CHECK_THAT(fault_of([] { columns_of("prompt,A,B,D,answer"); }),
             ContainsSubstring("there is no column c before it. "));
  CHECK_THAT(fault_of([] { columns_of("prompt,A,B,C,D,E,F,answer"); }),
             ContainsSubstring("row 1, column F: is one option more than the 5 that a question can have. "));
}
