#include "answer/run_report.hpp"
#include "catch_beside_torch.hpp"
#include "demo/demo.hpp"

using namespace sciexam;

TEST_CASE("for answers in bf16 the score table in f32 is printed too, and how each model's answers differ") {
  Exam exam;
  exam.questions.resize(2);
  for (Question& question : exam.questions)
    question.answer = 0;
  const std::vector<ModelAnswers> bf16 = {{"run_0", 1, {OptionLogits{5, 4, 3, 2, 1}, OptionLogits{4, 5, 3, 2, 1}}},
                                          {"run_1", 1, {OptionLogits{5, 4, 3, 2, 1}, OptionLogits{5, 4, 3, 2, 1}}},
                                          {"only in bf16", 1, {OptionLogits{}, OptionLogits{}}}},
                                  f32 = {{"run_0", 1, {OptionLogits{5, 4, 3, 2, 1}, OptionLogits{4.25F, 4, 3, 2, 1}}},
                                         {"run_1", 1, {OptionLogits{5, 4, 3, 2, 1}, OptionLogits{5, 4, 2, 2.5F, 1}}}};
  CHECK(agreement_table(exam, bf16, f32) ==
        "the same in f32\n"
        "  model                         MAP@3   accuracy\n"
        "  run_0                        1.0000   1.0000\n"
        "  run_1                        1.0000   1.0000\n"
        "  ensemble, mean-softmax       1.0000   1.0000\n"
        "  ensemble, mean-logits        1.0000   1.0000\n"
        "  ensemble, mean-plus-max      1.0000   1.0000\n"
        "  ensemble, weighted           1.0000   1.0000\n"
        "  ensemble, vote               1.0000   1.0000\n"
        "run_0, bf16 against f32: of 2 questions the first guess differs for 1 and the order of the first three for 1; "
        "logits differ by up to 1.000\n"
        "run_1, bf16 against f32: of 2 questions the first guess differs for 0 and the order of the first three for 1; "
        "logits differ by up to 1.000\n");
}

TEST_CASE("a question that a model left unanswered in one precision is not compared") {
  Exam exam;
  exam.questions.resize(2);
  for (Question& question : exam.questions)
    question.answer = 0;
  const std::vector<ModelAnswers> bf16 = {{"run_0", 1, {OptionLogits{5, 4, 3, 2, 1}, std::nullopt}}},
                                  f32 = {{"run_0", 1, {OptionLogits{5, 4, 3, 2, 1}, OptionLogits{1, 2, 3, 4, 5}}}};
  CHECK(agreement_table(exam, bf16, f32).find("bf16 against f32: of 1 ") != std::string::npos);
}

TEST_CASE("the demo's models give nearly the same answers in bf16 as in f32") {
  const Exam exam = read_demo_exam();
  const Package package = open_demo_package();
  const std::vector<ModelAnswers> bf16 = answer_with_ensemble(package, exam.questions, {.precision = Precision::bf16})
                                             .models,
                                  f32 = answer_with_ensemble(package, exam.questions, {}).models;
  const std::string table = agreement_table(exam, bf16, f32);
  CAPTURE(table);
  for (const char* model : {"run_0", "run_1"}) {
    const std::string line = std::string(model) + ", bf16 against f32: of 45 questions ";
    const std::size_t at = table.find(line), difference = table.find("by up to ", at);
    REQUIRE(difference != std::string::npos);
    const double largest = std::stod(table.substr(difference + 9));
    CHECK(largest > 0);
    CHECK(largest < 0.1);
  }
}
