// What answers look like as a whole.
#include "ensemble/run_summary.hpp"

#include <cmath>
#include <numeric>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using Catch::Approx;

namespace {

std::vector<ModelAnswers> two_models() {
  return {
      {.name = "a", .weight = 1, .logits = {OptionLogits{3, 0, 0, 0, 0}, OptionLogits{0, 1, 0, 0, 0}, std::nullopt}},
      {.name = "b", .weight = 3, .logits = {OptionLogits{2, 0, 1, 0, 0}, OptionLogits{1, 0, 0, 0, 0}, std::nullopt}}};
}

} // namespace

TEST_CASE("the ensemble's probabilities sum to 1 in every way to combine, and are absent where no model answered") {
  const std::vector<ModelAnswers> models = two_models();
  for (const Combine combine :
       {Combine::mean_softmax, Combine::mean_logits, Combine::mean_plus_max, Combine::weighted, Combine::vote}) {
    const auto p = ensemble_probabilities(models, 0, combine);
    REQUIRE(p.has_value());
    CHECK(std::accumulate(p->begin(), p->end(), 0.0) == Approx(1));
    CHECK(rank_by_scores(*p)[0] == 0);
    CHECK_FALSE(ensemble_probabilities(models, 2, combine).has_value());
  }
  // The mean of the models' softmax, by hand: e^3 / (e^3 + 4) and e^2 / (e^2 + e + 3).
  const double a = std::exp(3) / (std::exp(3) + 4), b = std::exp(2) / (std::exp(2) + std::exp(1) + 3);
  CHECK((*ensemble_probabilities(models, 0, Combine::mean_softmax))[0] == Approx((a + b) / 2));
  CHECK((*ensemble_probabilities(models, 0, Combine::weighted))[0] == Approx((a + 3 * b) / 4));
}

TEST_CASE("agreement is the fraction of common questions with the same first guess") {
  const std::vector<ModelAnswers> models = two_models();
  CHECK(agreement(models[0], models[1]) == 0.5);
  CHECK(agreement(models[0], models[0]) == 1);
  const ModelAnswers silent{.name = "c", .weight = 1, .logits = {std::nullopt, std::nullopt, std::nullopt}};
  CHECK(std::isnan(agreement(models[0], silent)));
}

TEST_CASE("margins are counted by tenths, and the least certain questions come first") {
  const std::vector<std::optional<OptionScores>> p = {OptionScores{0.2, 0.2, 0.2, 0.2, 0.2}, std::nullopt,
                                                      OptionScores{0, 0, 1, 0, 0},
                                                      OptionScores{0.1, 0.5, 0.15, 0.15, 0.1}};
  CHECK(margin(*p[3]) == Approx(0.35));
  CHECK(margin_histogram(p) == std::array<std::size_t, 10>{1, 0, 0, 1, 0, 0, 0, 0, 0, 1});
  CHECK(least_certain(p, 2) == std::vector<std::size_t>{0, 3});
  CHECK(least_certain(p, 9) == std::vector<std::size_t>{0, 3, 2});
}

TEST_CASE("calibration gives the fraction of right guesses for each tenth of probability") {
  const std::vector<std::optional<OptionScores>> p = {
      OptionScores{0.62, 0.38, 0, 0, 0}, OptionScores{0.66, 0.34, 0, 0, 0}, OptionScores{0, 0.9, 0.1, 0, 0},
      std::nullopt, OptionScores{0, 0.9, 0.1, 0, 0}};
  std::vector<Question> questions(5);
  questions[0].answer = 0;
  questions[1].answer = 1;
  questions[2].answer = 1;
  questions[3].answer = 1; // [4] has none
  const std::vector<CalibrationStep> steps = calibration(p, questions);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].probability == Approx(0.64));
  CHECK(steps[0].right == 0.5);
  CHECK(steps[0].questions == 2);
  CHECK(steps[1].right == 1);
  CHECK(steps[1].questions == 1);
}
