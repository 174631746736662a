#include "ensemble/answers.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

constexpr OptionLogits kSureOfB = {0, 9, 0, 0, 0}, kForC = {0, 0, 1, 0, 0};

/// Questions whose longest option is D.
std::vector<Question> questions_for_length(std::size_t count) {
  Question question;
  question.options = {"a", "b", "c", "ddd", "e"};
  return std::vector<Question>(count, question);
}

} // namespace

TEST_CASE("a question is decided by the models that answered it, and by length where none did") {
  const std::vector<Question> questions = questions_for_length(3);
  const std::vector<ModelAnswers> models = {{"first", 1, {kForC, kForC, std::nullopt}},
                                            {"second", 1, {kSureOfB, std::nullopt, std::nullopt}}};
  const std::vector<Ranking> rankings = combine_answers(models, questions, Combine::mean_softmax);
  CHECK(rankings[0][0] == 1);
  CHECK(rankings[1][0] == 2);
  CHECK(rankings[2][0] == 3);
  CHECK(answers_of(models, 1).logits.size() == 1);
  CHECK(answers_of(models, 2).weights.empty());
}

TEST_CASE("where only a model without weight had time, a weighted mean leaves it to the lengths") {
  const std::vector<ModelAnswers> models = {{"first", 0, {kForC, kForC}}, {"second", 1, {kSureOfB, std::nullopt}}};
  const std::vector<Ranking> rankings = combine_answers(models, questions_for_length(2), Combine::weighted);
  CHECK(rankings[0][0] == 1);
  CHECK(rankings[1][0] == 3);
}
