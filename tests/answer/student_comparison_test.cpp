#include "answer/student_comparison.hpp"
#include "support/errors.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

Exam two_questions() {
  Exam exam;
  exam.has_answers = true;
  for (const int answer : {0, 1})
    exam.questions.push_back({.id = std::to_string(answer), .options = {"a", "b", "c", "d", "e"}, .answer = answer});
  return exam;
}

EnsembleAnswers answers_of(std::vector<std::optional<OptionLogits>> logits, double seconds) {
  EnsembleAnswers answers;
  answers.work.push_back({.name = "run_0", .questions = logits.size(), .tokens = 100, .answer_seconds = seconds});
  answers.models.push_back({.name = "run_0", .logits = std::move(logits)});
  return answers;
}

} // namespace

TEST_CASE("a student and its teacher are compared by score, guesses, divergence and time") {
  // The teacher is right at once, the student at its second guess where it has another order.
  const EnsembleAnswers teacher = answers_of({{{5, 4, 3, 2, 1}}, {{4, 5, 3, 2, 1}}}, 4),
                        student = answers_of({{{5, 4, 3, 2, 1}}, {{5, 4, 3, 2, 1}}}, 1);
  const StudentComparison both = compare_student(two_questions(), teacher, student, Combine::mean_softmax);
  CHECK(both.questions == 2);
  CHECK(both.teacher.map_at_3 == 1);
  CHECK(both.teacher.standard_error == 0);
  CHECK(both.student.map_at_3 == 0.75);
  CHECK(std::abs(both.student.standard_error - 0.25) < 1e-12); // of 1 and 1/2
  CHECK(both.student.accuracy == 0.5);
  CHECK(both.same_first == 0.5);
  CHECK(both.same_order == 0.5);
  CHECK(both.student.tokens_per_second == 100);
  CHECK(both.teacher.seconds_per_question == 2);
  double sum = 0;
  for (int i = 1; i <= 5; ++i)
    sum += std::exp(i);
  // Of two options that change places with logits 5 and 4, and of the question that is the same.
  const double expected = (std::exp(5) - std::exp(4)) / sum / 2;
  CHECK(std::abs(both.divergence - expected) < 1e-12);
  CHECK_THAT(comparison_table(both), ContainsSubstring("the teacher takes 4.0 times the student's time"));
}

TEST_CASE("what one of the two did not answer is not compared") {
  const EnsembleAnswers whole = answers_of({{{5, 4, 3, 2, 1}}, {{4, 5, 3, 2, 1}}}, 1),
                        part = answers_of({{{5, 4, 3, 2, 1}}, std::nullopt}, 1);
  CHECK_THROWS_AS(compare_student(two_questions(), whole, part, Combine::mean_softmax), WorkError);
}
