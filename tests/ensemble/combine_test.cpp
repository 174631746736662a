#include "ensemble/combine.hpp"
#include "support/errors.hpp"

#include <cmath>
#include <numeric>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Approx;

namespace {

const std::vector<double> kEqual = {1, 1, 1};

} // namespace

TEST_CASE("softmax sums to one and does not overflow") {
  const OptionScores p = softmax({1000.0F, 999.0F, -1000.0F, 0.0F, 1000.0F});
  CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(1));
  CHECK(p[0] == Approx(1 / (2 + std::exp(-1.0))));
  CHECK(p[2] == 0);
}

TEST_CASE("mean of logits and mean of probabilities can disagree") {
  // The first model is very sure of A, the other two prefer B a little.
  const std::vector<OptionLogits> models = {{9, 0, 0, 0, 0}, {0, 2, 0, 0, 0}, {0, 2, 0, 0, 0}};
  CHECK(combine_ranking(Combine::mean_logits, models, kEqual)[0] == 0);
  CHECK(combine_scores(Combine::mean_logits, models, kEqual)[1] == Approx(4.0 / 3));
  const OptionScores mean = combine_scores(Combine::mean_softmax, models, kEqual);
  CHECK(mean[1] == Approx((2 * std::exp(2.0) / (std::exp(2.0) + 4) + 1 / (std::exp(9.0) + 4)) / 3));
  CHECK(combine_scores(Combine::mean_plus_max, models, kEqual)[0] == Approx(mean[0] + softmax(models[0])[0]));
}

TEST_CASE("weights count for the weighted ensemble only") {
  const std::vector<OptionLogits> models = {{3, 0, 0, 0, 0}, {0, 3, 0, 0, 0}};
  const std::vector<double> weights = {0.2, 0.8};
  CHECK(combine_ranking(Combine::weighted, models, weights)[0] == 1);
  CHECK(combine_ranking(Combine::mean_softmax, models, weights)[0] == 0);
  CHECK(combine_scores(Combine::weighted, models, weights)[1] ==
        Approx(0.2 * softmax(models[0])[1] + 0.8 * softmax(models[1])[1]));
}

TEST_CASE("votes give three, two and one points to each model's first three") {
  const std::vector<OptionLogits> models = {{5, 4, 3, 2, 1}, {1, 5, 4, 3, 2}, {1, 2, 5, 4, 3}};
  // A 3, B 2 + 3, C 1 + 2 + 3, D 1 + 2, E 1: C, B, then A before D, who was voted for later.
  CHECK(combine_ranking(Combine::vote, models, kEqual) == Ranking{2, 1, 0, 3, 4});
}

TEST_CASE("equal votes go to the option that first received one: models in order, then rank") {
  // E gets 3 + 0, D 0 + 3: E came first, though D has the earlier letter.
  const std::vector<OptionLogits> models = {{0, 1, 2, 0, 5}, {0, 2, 1, 5, 0}};
  const Ranking ranking = combine_ranking(Combine::vote, models, kEqual);
  CHECK(ranking == Ranking{4, 2, 1, 3, 0});
}

TEST_CASE("no vote is spent on an option without text") {
  // The first model's best options are empty ones. Its votes go to C, D and E; the second's to E, D and C.
  const std::vector<OptionLogits> models = {{5, 4, 3, 2, 1}, {4, 1, 0, 2, 3}};
  const Question question = {.options = {"", " ", "c", "d", "e"}};
  const OptionScores scores = combine_scores(Combine::vote, models, kEqual, question);
  CHECK(scores[0] == 0);
  CHECK(scores[1] == 0);
  CHECK(combine_ranking(Combine::vote, models, kEqual, question) == Ranking{2, 3, 4, 0, 1});
  CHECK(combine_ranking(Combine::vote, models, kEqual) == Ranking{0, 1, 4, 2, 3});
  CHECK(combine_ranking(Combine::mean_softmax, models, kEqual, question) ==
        combine_ranking(Combine::mean_softmax, models, kEqual));
}

TEST_CASE("equal scores rank by option letter") {
  CHECK(combine_ranking(Combine::mean_softmax, std::vector<OptionLogits>{{0, 0, 1, 1, 0}}, kEqual) ==
        Ranking{2, 3, 0, 1, 4});
}

TEST_CASE("names of ways to combine are read and written") {
  for (const Combine combine :
       {Combine::mean_logits, Combine::mean_softmax, Combine::mean_plus_max, Combine::weighted, Combine::vote})
    CHECK(parse_combine(name_of(combine)) == combine);
  CHECK_THROWS_WITH(parse_combine("best"), Catch::Matchers::ContainsSubstring("mean-plus-max"));
}

TEST_CASE("one answer stays as it is, answers with several contexts become logits of their combined probabilities") {
  const OptionLogits alone = {3, 0, 1.5F, -2, 0.25F};
  for (const Combine combine : {Combine::mean_logits, Combine::mean_softmax, Combine::mean_plus_max, Combine::vote})
    CHECK(combine_contexts(combine, std::vector<OptionLogits>{alone}) == alone);

  const std::vector<OptionLogits> answers = {{9, 0, 0, 0, 0}, {0, 2, 0, 0, 0}, {0, 2, 0, 0, 0}};
  CHECK(combine_contexts(Combine::mean_logits, answers) == OptionLogits{3, 4.0F / 3, 0, 0, 0});
  for (const Combine combine : {Combine::mean_softmax, Combine::mean_plus_max}) {
    const OptionScores scores = combine_scores(combine, answers, kEqual);
    const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
    const OptionScores p = softmax(combine_contexts(combine, answers));
    CAPTURE(name_of(combine));
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK(p[i] == Approx(scores[i] / sum).epsilon(1e-5));
  }
  // No vote at all is very little, and finite.
  const OptionScores votes = softmax(combine_contexts(Combine::vote, answers));
  CHECK(votes[1] > votes[0]); // 3 + 3 + 2 and 3 + 2 + 2 points, and 0.5 and 0.25 for the first vote
  CHECK(votes[4] < 1e-8);
  CHECK(votes[4] > 0);
}
