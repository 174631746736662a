// The forms of well-known question sets, with texts of our own: every one becomes the same two questions.
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Holds for "Which tool measures heat?" with thermometer as its right option among ruler and balance.
void check_tool(const std::string& text, const std::string& context = "") {
  CAPTURE(text);
  const DataSet data = data_of(text);
  REQUIRE(data.records.size() == 1);
  const Question& question = data.records[0].question;
  CHECK(question.prompt == "Which tool measures heat?");
  CHECK(question.options[static_cast<std::size_t>(question.answer.value())] == "thermometer");
  for (const char* other : {"ruler", "balance"})
    CHECK(std::count(question.options.begin(), question.options.end(), other) == 1);
  CHECK(std::count(question.options.begin(), question.options.end(), "") == 2);
  CHECK(question.context == context);
}

} // namespace

TEST_CASE("ARC and AI2: a stem with choices, answers by label, also by number") {
  check_tool(R"({"id":"q1","question":{"stem":"Which tool measures heat?","choices":[{"label":"A","text":"ruler"},)"
             R"({"label":"B","text":"thermometer"},{"label":"C","text":"balance"}]},"answerKey":"B"})");
  check_tool(R"({"id":"q1","question":{"stem":"Which tool measures heat?","choices":[{"text":"ruler","label":"1"},)"
             R"({"text":"thermometer","label":"2"},{"text":"balance","label":"3"}]},"answerKey":"2"})");
  check_tool(R"({"id":"q1","question":"Which tool measures heat?","choices":{"text":["ruler","thermometer","balance"],)"
             R"("label":["A","B","C"]},"answerKey":"B"})");
}

TEST_CASE("OpenBookQA: the fact is the context") {
  check_tool(
      R"({"id":"7","question_stem":"Which tool measures heat?","choices":{"text":["ruler","thermometer","balance"],)"
      R"("label":["A","B","C"]},"answerKey":"B","fact1":"heat moves mercury","humanScore":1.0})",
      "heat moves mercury");
}

TEST_CASE("CommonsenseQA: a question concept that is not used") {
  const DataSet data = data_of(R"({"answerKey": "B", "id": "1", "question": {"question_concept": "tool", "choices": )"
                               R"([{"label": "A", "text": "ruler"}, {"label": "B", "text": "thermometer"}], )"
                               R"("stem": "Which?"}})");
  CHECK(data.records.at(0).question.answer == 1);
  CHECK(data.files.at(0).unused == "question.question_concept");
}

TEST_CASE("AQuA: labels within the options") {
  check_tool(R"({"question": "Which tool measures heat?", "options": ["A)ruler", "B)thermometer", "C)balance"], )"
             R"("rationale": "It does.", "correct": "B"})");
}

TEST_CASE("AGIEval: a label beside an empty answer") {
  check_tool(R"({"passage": null, "question": "Which tool measures heat?", )"
             R"("options": ["(A)ruler", "(B)thermometer", "(C)balance"], "label": "B", "answer": null})");
}

TEST_CASE("SciQ: distractors, and a support as context") {
  check_tool(R"([{"question": "Which tool measures heat?", "distractor3": "", "distractor1": "ruler", )"
             R"("distractor2": "balance", "correct_answer": "thermometer", "support": "Heat is measured."}])",
             "Heat is measured.");
}

TEST_CASE("MMLU and MMLU-Pro: a list of options, an answer by number or letter") {
  check_tool(
      R"({"question":"Which tool measures heat?","subject":"physics","choices":["ruler","balance","thermometer"],)"
      R"("answer":2})"
      "\n"
      R"({"question":"","choices":["x","y"],"answer":0})"
      "\n");
  check_tool(R"([{"question_id":70,"question":"Which tool measures heat?","options":["ruler","thermometer","balance"],)"
             R"("answer":"B","answer_index":1,"cot_content":"","category":"physics","src":"ours"}])");
}

TEST_CASE("MedMCQA: opa to opd, and cop from 0 or from 1 by its values") {
  const std::string zero = R"({"question":"p","opa":"x","opb":"y","opc":"z","opd":"w","cop":0,"exp":"since"})"
                           "\n";
  const std::string three = R"({"question":"q","opa":"x","opb":"y","opc":"z","opd":"w","cop":3,"exp":"since"})"
                            "\n";
  const std::string four = R"({"question":"r","opa":"x","opb":"y","opc":"z","opd":"w","cop":4,"exp":"since"})"
                           "\n";
  CHECK(data_of(zero + three).records.at(1).question.answer == 3);
  CHECK(data_of(three + four).records.at(0).question.answer == 2);
  CHECK_THAT(fault_of([&] { data_of(three + three); }), ContainsSubstring("--answer-base"));
}

TEST_CASE("MedQA: options by letter, the answer as text beside its letter") {
  check_tool(R"({"question":"Which tool measures heat?","answer":"thermometer",)"
             R"("options":{"A":"ruler","B":"thermometer","C":"balance"},"meta_info":"step1","answer_idx":"B"})");
}

TEST_CASE("RACE: an article with questions in parallel lists") {
  check_tool(R"({"answers":["B"],"options":[["ruler","thermometer","balance"]],)"
             R"("questions":["Which tool measures heat?"],"article":"On heat.","id":"high1.txt"})",
             "On heat.");
}

TEST_CASE("BIG-bench: scores of targets") {
  check_tool(R"({"name": "tools", "keywords": ["physics"], "examples": [{"input": "Which tool measures heat?", )"
             R"("target_scores": {"ruler": 0, "thermometer": 1, "balance": 0}}]})");
}

TEST_CASE("Trivia services: one correct answer and a list of incorrect ones") {
  check_tool(R"({"response_code": 0, "results": [{"question": "Which tool measures heat?", )"
             R"("correct_answer": "thermometer", "incorrect_answers": ["ruler", "balance"]}]})");
  check_tool(R"([{"question": {"text": "Which tool measures heat?"}, "correctAnswer": "thermometer", )"
             R"("incorrectAnswers": ["ruler", "balance"]}])");
}

TEST_CASE("SWAG and HellaSwag: endings, counted from 0") {
  const DataSet swag = data_of("video-id,startphrase,sent1,sent2,ending0,ending1,ending2,ending3,label\n"
                               "v,It rains. He,It rains.,He,goes.,stays.,sings.,sleeps.,0\n"
                               "v,It snows. He,It snows.,He,goes.,stays.,sings.,sleeps.,3\n");
  CHECK(swag.records.at(1).question.prompt == "It snows. He");
  CHECK(swag.records.at(1).question.answer == 3);
  CHECK(swag.records.at(1).question.context.empty());
  const DataSet hella = data_of(R"({"ctx": "It snows. He", "endings": ["goes.", "stays."], "label": "0"})"
                                "\n"
                                R"({"ctx": "It rains. He", "endings": ["sings.", "sleeps."], "label": "1"})"
                                "\n");
  CHECK(hella.records.at(1).question.answer == 1);
}

TEST_CASE("ARC as CSV: numbers among letters are places") {
  const DataSet data = data_of("question,choice_A,choice_B,choice_C,choice_D,answerKey\nWhich tool?,a,b,c,d,A\n"
                               "Which planet?,e,f,g,h,A\nWhich state?,i,j,k,l,3\nWhich force?,m,n,o,p,2\n"
                               "Which gas?,q,r,s,t,B\n");
  REQUIRE(data.records.size() == 5);
  CHECK(data.records[2].question.answer == 2);
  CHECK(data.records[3].question.answer == 1);
}

TEST_CASE("options beyond a record's list do not count as empty ones") {
  const std::string text = R"([{"question": "p", "options": ["x", "y", "z"], "answer": "A"},)"
                           R"({"question": "q", "options": ["x", "y", "z", "w"], "answer": "D"}])";
  CHECK(data_of(text, {.questions = {.drop_empty_options = true}}).records.size() == 2);
}
