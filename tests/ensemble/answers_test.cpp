#include "ensemble/answers.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using Catch::Approx;

namespace {

constexpr OptionLogits kSureOfB = {0, 9, 0, 0, 0}, kForC = {0, 0, 1, 0, 0};

/// Questions whose longest option is D.
std::vector<Question> questions_for_length(std::size_t count) {
  Question question;
  question.options = {"a", "b", "c", "ddd", "e"};
  return std::vector<Question>(count, question);
}

constexpr OptionLogits kForE = {0, 1, 2, 3, 9};

Question question_with(const std::array<std::string, kOptions>& options) {
  Question question;
  question.options = options;
  return question;
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

TEST_CASE("where only a model of weight 0 had time, a weighted mean falls back to the lengths") {
  const std::vector<ModelAnswers> models = {{"first", 0, {kForC, kForC}}, {"second", 1, {kSureOfB, std::nullopt}}};
  const std::vector<Ranking> rankings = combine_answers(models, questions_for_length(2), Combine::weighted);
  CHECK(rankings[0][0] == 1);
  CHECK(rankings[1][0] == 3);
}

TEST_CASE("options without text come last in every way to combine, however sure the models are of them") {
  const std::vector<Question> questions = {question_with({"a", "b", "c", "d", ""}),
                                           question_with({"", "b", " ", "d", "e"}),
                                           question_with({"", "", "", "", ""})};
  const std::vector<ModelAnswers> models = {{"first", 1, {kForE, kForE, kForE}}, {"second", 2, {kForE, kForE, kForE}}};
  for (const Combine combine :
       {Combine::mean_softmax, Combine::mean_logits, Combine::mean_plus_max, Combine::weighted, Combine::vote}) {
    const std::vector<Ranking> rankings = combine_answers(models, questions, combine);
    CAPTURE(name_of(combine));
    CHECK(rankings[0] == Ranking{3, 2, 1, 0, 4}); // the models' third vote goes to B
    CHECK(rankings[1] == (combine == Combine::vote ? Ranking{4, 3, 1, 0, 2} : Ranking{4, 3, 1, 2, 0}));
    CHECK(rankings[2][0] == 4); // nothing to prefer
  }
}

TEST_CASE("where no model answered, options without text come last too") {
  const std::vector<Question> questions = {question_with({"a", std::string(9, ' '), "ccc", "", "bb"})};
  const std::vector<ModelAnswers> models = {{"first", 1, {std::nullopt}}};
  CHECK(combine_answers(models, questions, Combine::mean_softmax)[0] == Ranking{2, 4, 0, 1, 3});
}

TEST_CASE("a passage index counts by its weight, where it was searched and a model answered") {
  const std::vector<Question> questions = questions_for_length(3);
  const std::vector<ModelAnswers> models = {{"first", 1, {kForC, kForC, std::nullopt}}};
  const OptionScores for_a = {0.6, 0.1, 0.1, 0.1, 0.1};
  const std::vector<std::optional<OptionScores>> index = {for_a, std::nullopt, for_a};
  const OptionScores p = softmax(kForC); // 0.405 for C
  for (const Combine combine : {Combine::mean_softmax, Combine::mean_logits, Combine::vote}) {
    Combination combination = combine;
    combination.retrieval = index;
    const auto first_guesses = [&](double weight) {
      combination.retrieval_weight = weight;
      std::vector<int> guesses;
      for (const Ranking& ranking : combine_answers(models, questions, combination))
        guesses.push_back(ranking[0]);
      return guesses;
    };
    CAPTURE(name_of(combine));
    CHECK(first_guesses(0) == std::vector{2, 2, 3});
    CHECK(first_guesses(1) == std::vector{0, 2, 3}); // the last by the options' lengths: no model answered it
    if (combine == Combine::mean_softmax) {
      CHECK(first_guesses(0.3) == std::vector{2, 2, 3});
      const OptionScores both = *ensemble_probabilities(models, 0, combination);
      for (std::size_t i = 0; i < both.size(); ++i)
        CHECK(both[i] == Approx(0.7 * p[i] + 0.3 * for_a[i]));
      CHECK(first_guesses(0.4) == std::vector{0, 2, 3});
      CHECK(describe(combination) == "mean-softmax and the passage index with weight 0.40");
    }
  }
}
