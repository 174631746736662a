#include "exam/question.hpp"
#include "exam/texts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::StartsWith;

namespace {

std::string exam_fault(const std::string& text, ReadOptions options = {}) {
  return input_fault([&] { exam_of(text, options); });
}

} // namespace

TEST_CASE("an exam's columns may be in any order") {
  const Exam exam = exam_of("E,prompt,answer,B,A,note,id,C,D,context\n5,Why?,D,2,1,-,q1,3,4,Because.\n");
  REQUIRE(exam.questions.size() == 1);
  const Question& question = exam.questions[0];
  CHECK(question.id == "q1");
  CHECK(question.prompt == "Why?");
  CHECK(question.options == std::array<std::string, kOptions>{"1", "2", "3", "4", "5"});
  CHECK(question.context == "Because.");
  CHECK(question.answer == 3);
  CHECK(exam.has_context);
  CHECK(exam.has_answers);
}

TEST_CASE("context and answer are optional") {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E\n0,p,a,b,c,d,e\n");
  CHECK_FALSE(exam.has_context);
  CHECK_FALSE(exam.has_answers);
  CHECK(exam.questions.at(0).context.empty());
  CHECK_FALSE(exam.questions[0].answer.has_value());
}

TEST_CASE("an option and a prompt may be empty, and text is not trimmed") {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E\n 0,,, b ,c,d,\n");
  CHECK(exam.questions.at(0).id == " 0");
  CHECK(exam.questions[0].prompt.empty());
  CHECK(exam.questions[0].options == std::array<std::string, kOptions>{"", " b ", "c", "d", ""});
}

TEST_CASE("questions keep the file's order") {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E\n9,p,a,b,c,d,e\n10,p,a,b,c,d,e\n1,p,a,b,c,d,e\n");
  REQUIRE(exam.questions.size() == 3);
  CHECK(exam.questions[0].id + exam.questions[1].id + exam.questions[2].id == "9101");
}

TEST_CASE("other columns are ignored, even unnamed and duplicate ones") {
  CHECK(exam_of(",,id,prompt,A,B,C,D,E,x,x\n7,8,0,p,a,b,c,d,e,1,2\n").questions.at(0).id == "0");
}

TEST_CASE("all missing columns are named at once") {
  CHECK(exam_fault("prompt,A,C,D\np,a,c,d\n") ==
        "exam.csv, row 1: the header has no column id, B, E. The first row must name id,prompt,A,B,C,D,E, in any order "
        "and spelled exactly so");
}

TEST_CASE("a duplicate column is refused") {
  CHECK(exam_fault("id,prompt,A,B,C,D,E,prompt\n0,p,a,b,c,d,e,q\n") ==
        "exam.csv, row 1, column prompt: the header names it twice, as column 2 and column 8. Remove or rename one of "
        "them");
  CHECK_THAT(exam_fault("id,prompt,A,B,C,D,E,answer,answer\n"), StartsWith("exam.csv, row 1, column answer: "));
}

TEST_CASE("a duplicate id is refused, naming both rows") {
  CHECK(exam_fault("id,prompt,A,B,C,D,E\n7,p,a,b,c,d,e\n8,p,a,b,c,d,e\n7,p,a,b,c,d,e\n") ==
        "exam.csv, row 4, column id: the id \"7\" is also in row 2. Give every question an id of its own");
}

TEST_CASE("an empty id is refused") {
  CHECK_THAT(exam_fault("id,prompt,A,B,C,D,E\n,p,a,b,c,d,e\n"), StartsWith("exam.csv, row 2, column id: is empty. "));
}

TEST_CASE("an answer must be one of A to E, spelled exactly so") {
  for (const std::string answer : {"F", "a", "", " A", "AB", "1"}) {
    CAPTURE(answer);
    CHECK_THAT(exam_fault("id,prompt,A,B,C,D,E,answer\n0,p,a,b,c,d,e,C\n1,p,a,b,c,d,e," + answer + "\n"),
               StartsWith("exam.csv, row 3, column answer: the answer is \"" + answer + "\". "));
  }
}

TEST_CASE("where answers are not required, a bad one leaves the exam without any, and says why") {
  const std::string text = "id,prompt,A,B,C,D,E,answer\n0,p,a,b,c,d,e,C\n1,p,a,b,c,d,e,";
  for (const std::string answer : {"", "a", "A ", "F"}) {
    const Exam exam = exam_of(text + answer, {.lenient = true, .answers_required = false});
    CAPTURE(answer);
    REQUIRE(exam.questions.size() == 2);
    CHECK(exam.bad_rows.empty());
    CHECK_FALSE(exam.has_answers);
    CHECK_FALSE(exam.questions[0].answer.has_value());
    CHECK(notes_on(exam) ==
          std::vector<std::string>{
              "the column answer is not used, so there is no MAP@3: exam.csv, row 3: the answer is \"" + answer +
              "\", which is none of A, B, C, D, E"});
  }
  const Exam good = exam_of(text + "D", {.answers_required = false});
  CHECK(good.has_answers);
  CHECK(good.questions[1].answer == 3);
  CHECK(notes_on(good).empty());
}

TEST_CASE("where answers are not required, a second column of them does not matter") {
  const std::string text = "id,prompt,A,B,C,D,E,answer,answer\n0,p,a,b,c,d,e,C,D\n";
  CHECK_THAT(exam_fault(text), StartsWith("exam.csv, row 1, column answer: the header names it twice"));
  const Exam exam = exam_of(text, {.answers_required = false});
  CHECK_FALSE(exam.has_answers);
  CHECK(exam.unused_answers == "exam.csv: the header names it twice");
}

TEST_CASE("rows of empty cells after the last question are ignored, between questions they are refused") {
  const std::string text = "id,prompt,A,B,C,D,E,answer\n0,p,a,b,c,d,e,C\n";
  const std::string empty = ",,,,,,,\n";
  for (const ReadOptions& options : {ReadOptions{}, ReadOptions{.id_required = false}, ReadOptions{.lenient = true}}) {
    const Exam exam = exam_of(text + empty + empty, options);
    CHECK(exam.questions.size() == 1);
    CHECK(exam.bad_rows.empty());
    CHECK(exam.has_answers);
  }
  const std::string amid = text + empty + "1,p,a,b,c,d,e,C\n" + empty;
  CHECK(exam_fault(amid) == "exam.csv, row 3: all cells are empty, but rows follow. Remove the row");
  const Exam lenient = exam_of(amid, {.lenient = true});
  CHECK(lenient.questions.size() == 2);
  REQUIRE(lenient.bad_rows.size() == 1);
  CHECK(lenient.bad_rows[0].position == 1);
  CHECK_THAT(exam_fault("id,prompt,A,B,C,D,E\n,,,,,,\n"), StartsWith("exam.csv, row 2: has a header but no questions"));
}

TEST_CASE("a question knows its row, also after rows that are put aside") {
  const Exam exam =
      exam_of("id,prompt,A,B,C,D,E\n0,p,a,b,c,d,e\n1,p,a\n2,\"p\nq\",a,b,c,d,e\n3,p,a,b,c,d,e\n", {.lenient = true});
  REQUIRE(exam.questions.size() == 3);
  CHECK(exam.questions[0].row == 2);
  CHECK(exam.questions[1].row == 4);
  CHECK(exam.questions[2].row == 5);
}

TEST_CASE("how many questions have options without text is noted") {
  const std::string text = "id,prompt,A,B,C,D,E\n0,p,a,b,c,d,e\n1,p,a,b,c,d,\n";
  CHECK(notes_on(exam_of("id,prompt,A,B,C,D,E\n0,p,a,b,c,d,e\n")).empty());
  CHECK(notes_on(exam_of(text)) ==
        std::vector<std::string>{"1 question has options without text, which are guessed last"});
  CHECK(notes_on(exam_of(text + "2,p,a, ,c,,e\n")) ==
        std::vector<std::string>{"2 questions have options without text, which are guessed last"});
}

TEST_CASE("an exam without questions is refused") {
  CHECK_THAT(exam_fault("id,prompt,A,B,C,D,E\n\n"), StartsWith("exam.csv, row 1: has a header but no questions. "));
}

TEST_CASE("a training set without ids is numbered where ids are not required") {
  const std::string text = "prompt,A,B,C,D,E,answer\np,a,b,c,d,e,A\nq,a,b,c,d,e,E\n";
  CHECK_THAT(exam_fault(text), StartsWith("exam.csv, row 1: the header has no column id. "));
  const Exam exam = exam_of(text, {.id_required = false});
  CHECK(exam.questions.at(0).id == "0");
  CHECK(exam.questions.at(1).id == "1");
  CHECK(exam_of("id,prompt,A,B,C,D,E\nq7,p,a,b,c,d,e\n", {.id_required = false}).questions.at(0).id == "q7");
}

TEST_CASE("leniently, a bad row is put aside with its id and its place, and the rest is read") {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E\n"
                            "1,p,a,b,c,d,e\n"
                            "2,p,a,b,c\n"             // too few cells
                            "3,p,a,b,c,d,e,f\n"       // too many
                            "4,a \"quote,a,b,c,d,e\n" // a quote in an unquoted cell
                            "5,p,a,\xff,c,d,e\n"      // not UTF-8
                            "\n"                      // empty
                            "6,q,a,b,c,d,e\n"
                            "6,again,a,b,c,d,e\n" // duplicate
                            ",no id,a,b,c,d,e\n"
                            "7,\"never closed,a,b,c,d,e\n"
                            "8,r,a,b,c,d,e\n",
                            {.lenient = true});
  REQUIRE(exam.questions.size() == 3);
  CHECK(exam.questions[1].prompt == "q");
  CHECK(exam.questions[2].id == "8");
  std::string found;
  for (const BadRow& row : exam.bad_rows)
    found += row.id + "@" + std::to_string(row.position) + " ";
  CHECK(found == "2@1 3@1 4@1 5@1 @1 @2 @2 7@2 ");
  CHECK_THAT(exam.bad_rows[0].problem, StartsWith("exam.csv, row 3: has only 5 cells"));
  CHECK_THAT(exam.bad_rows[7].problem, StartsWith("exam.csv, row 11, column prompt: the double quote"));
}

TEST_CASE("leniently, the pieces of a broken cell are not questions with ids of their own") {
  const Exam exam =
      exam_of("id,prompt,A,B,C,D,E\n1,p,a,b,c,d,e\n2,\"x\" y\nand more, with commas\",a,b,c,d,e\n3,p,a,b,c,d,e\n",
              {.lenient = true});
  CHECK(exam.questions.size() == 2);
  REQUIRE(exam.bad_rows.size() == 2);
  CHECK(exam.bad_rows[0].id == "2");
  CHECK(exam.bad_rows[1].id.empty());
}

TEST_CASE("leniently, a file without header or without any good row is refused all the same") {
  CHECK_THROWS_AS(exam_of("id,prompt\n1,p\n", {.lenient = true}), InputError);
  CHECK_THROWS_AS(exam_of("id,prompt,A,B,C,D,E\n1,p\n2,q\n", {.lenient = true}), InputError);
}

TEST_CASE("a lenient reader reads good files as the strict one does, whatever their size") {
  std::string text = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < 3000; ++i) // several blocks
    text += std::to_string(i) + (i % 7 == 3 ? ",broken\n" : ",\"prompt, with\na line end\",a,b,c,d,e\r\n");
  const Exam exam = exam_of(text, {.lenient = true});
  CHECK(exam.questions.size() + exam.bad_rows.size() == 3000);
  CHECK(exam.bad_rows.size() == 429);
  CHECK(exam.questions.back().id == "2998");
  CHECK(exam.bad_rows.back().id == "2999");
}

TEST_CASE("folds are read on request, and must be within the number asked for") {
  const std::string text = "id,prompt,A,B,C,D,E,fold\n0,p,a,b,c,d,e,2\n1,p,a,b,c,d,e,";
  CHECK_FALSE(exam_of(text + "x").questions[0].fold.has_value());
  const Exam exam = exam_of(text + "0", {.folds = 3});
  CHECK(exam.questions[0].fold == 2);
  CHECK(exam.questions[1].fold == 0);
  CHECK_FALSE(exam_of("id,prompt,A,B,C,D,E\n0,p,a,b,c,d,e\n", {.folds = 3}).questions[0].fold.has_value());
  for (const char* wrong : {"", "3", "-1", "1.5", "x", "99999999999"})
    CHECK(
        exam_fault(text + wrong, {.folds = 3}) ==
        "exam.csv, row 3, column fold: the fold is \"" + std::string(wrong) +
            "\". It must be 0 to 2, since that many folds are asked for: ask for as many as the column has, or remove "
            "the column");
}
