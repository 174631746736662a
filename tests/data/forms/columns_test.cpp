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

/// The table of a file with this header, and one row of cells "x" or as given.
Table table_of(const std::string& header, const std::vector<std::string>& cells = {}) {
  Table table{.file = "set.csv", .form = "", .has_header = true};
  std::istringstream names(header);
  for (std::string name; std::getline(names, name, ',');)
    table.names.push_back(name);
  table.rows.push_back({.row = 2});
  for (std::size_t i = 0; i < table.names.size(); ++i)
    table.rows[0].cells.push_back({i, i < cells.size() ? cells[i] : "x"});
  return table;
}

DataColumns columns_of(const std::string& header, const std::vector<std::string>& cells = {}) {
  return find_data_columns(table_of(header, cells));
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

TEST_CASE("further contexts are found behind the first, up to the first that is missing") {
  const DataColumns columns = columns_of("prompt,A,B,C,D,E,answer,context_3,Context 2,context,context_5");
  CHECK(columns.context == 9);
  CHECK(columns.further_contexts == Indices{8, 7});
  CHECK(columns.unused == Indices{10});
  CHECK(columns_of("prompt,A,B,C,D,E,answer,context_2").further_contexts.empty());
}

TEST_CASE("other names of the same columns are found") {
  const std::string options =
      GENERATE("a,b,c,d", "option_a,option_b,option_c,option_d", "OptionA,OptionB,OptionC,OptionD",
               "Choice 1,Choice 2,Choice 3,Choice 4", "opt-0,opt-1,opt-2,opt-3", "choice_a,choice_b,choice_c,choice_d",
               "answer1,answer2,answer3,answer4", "ending0,ending1,ending2,ending3", "answerA,answerB,answerC,answerD",
               "opa,opb,opc,opd", "(A),(B),(C),(D)", "A.,B.,C.,D.", "ans1,ans2,ans3,ans4", "Ans A,Ans B,Ans C,Ans D",
               "options.A,options.B,options.C,options.D", "Alternative 1,Alternative 2,Alternative 3,Alternative 4");
  CAPTURE(options);
  const DataColumns columns = columns_of("Question ID,Question," + options + ",Correct Answer,support,Dataset");
  CHECK(columns.id == 0);
  CHECK(columns.prompt == 1);
  CHECK(columns.options == Indices{2, 3, 4, 5});
  CHECK(columns.answer == 6);
  CHECK(columns.context == 7);
  CHECK(columns.source == 8);
}

TEST_CASE("words in camel case are joined like those with underscores") {
  for (const char* header :
       {"questionText,A,B,correctAnswer", "QuestionText,OptionA,OptionB,CorrectAnswer", "Question_Text,A,B,answer_key",
        "questionStem,A,B,answerKey", "QUESTION,A,B,correctOption"}) {
    CAPTURE(header);
    const DataColumns columns = columns_of(header);
    CHECK(columns.prompt == 0);
    CHECK(columns.options == Indices{1, 2});
    CHECK(columns.answer == 3);
  }
}

TEST_CASE("the answer's column is found by the names that sets give it") {
  for (const char* name : {"correct_ans", "Ans", "Key", "Correct Answer Letter", "cop", "gold_label", "Correct",
                           "label", "answerKey", "Answer_Idx", "correct_index"}) {
    CAPTURE(name);
    CHECK(columns_of(std::string("question,A,B,") + name).answer == 3);
  }
}

TEST_CASE("the beginning of an ending is the prompt, and what precedes it the context") {
  const DataColumns whole = columns_of("video-id,startphrase,sent1,sent2,ending0,ending1,label");
  CHECK(whole.prompt == 1);
  CHECK_FALSE(whole.context);
  CHECK(whole.first_option_number == 0);
  const DataColumns parts = columns_of("sent1,sent2,ending0,ending1,label");
  CHECK(parts.prompt == 1);
  CHECK(parts.context == 0);
}

TEST_CASE("a passage under any of its names is the context") {
  for (const char* name : {"passage_text", "Passage", "fact1", "paragraph", "support", "Reading Passage", "article"}) {
    CAPTURE(name);
    CHECK(columns_of(std::string("question,A,B,answer,") + name).context == 4);
  }
}

TEST_CASE("unused columns are named, empty ones are not") {
  const Table table =
      table_of("question,A,B,answer,explanation,,level,note", {"q", "x", "y", "A", "since", "7", "hard", " "});
  const DataColumns columns = find_data_columns(table);
  CHECK(columns.unused == Indices{4, 5, 6});
  CHECK(describe_unused(columns, table) == "explanation, column 6, level");
}

TEST_CASE("an empty column gives way to another one of its kind") {
  CHECK(columns_of("question,A,B,answer,label", {"q", "x", "y", "", "A"}).answer == 4);
  CHECK(columns_of("question,A,B,answer,label", {"q", "x", "y", "", ""}).answer == 3);
}

TEST_CASE("of several names of one kind the first in the table counts") {
  CHECK(columns_of("question,prompt,label,answer,A,B").prompt == 1);
  CHECK(columns_of("question,prompt,label,answer,A,B").answer == 3);
}

TEST_CASE("a right option beside distractors stands apart") {
  const DataColumns columns = columns_of("question,distractor3,distractor1,distractor2,correct_answer,support");
  CHECK(columns.right_option_apart);
  CHECK(columns.options == Indices{2, 3, 1});
  CHECK(columns_of("Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2").options == Indices{2, 3});
  CHECK_FALSE(columns_of("prompt,A,B,answer").right_option_apart);
}

TEST_CASE("a header without question or options is refused") {
  CHECK(fault_of([] { columns_of("id,A,B,answer"); }) == "set.csv, row 1: the header has no column for the question "
                                                         "(found: id, A, B, answer). Name it prompt or question, "
                                                         "and the others id, A, B, C, D, E and answer");
  CHECK_THAT(fault_of([] { columns_of("prompt,answer"); }), ContainsSubstring("no columns for the options"));
  CHECK_THAT(fault_of([] { columns_of("prompt,A,answer"); }), ContainsSubstring("no columns for the options"));
}

TEST_CASE("duplicate columns and a gap between options are refused") {
  CHECK_THAT(fault_of([] { columns_of("prompt,A,B,answer,Prompt"); }),
             ContainsSubstring("row 1, column Prompt: the header names it twice, first as column 1. "));
  CHECK_THAT(fault_of([] { columns_of("prompt,A,B,D,answer"); }),
             ContainsSubstring("there is no column c before it. "));
}

TEST_CASE("more than five options are found, and a letter far from them is not one") {
  CHECK(columns_of("prompt,A,B,C,D,E,F,G,answer").options.size() == 7);
  CHECK(columns_of("prompt,A,B,C,D,answer,X").options.size() == 4);
}
