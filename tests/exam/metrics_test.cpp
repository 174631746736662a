#include "exam/metrics.hpp"
#include "support/errors.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace sciexam;
using Catch::Matchers::WithinAbs;

namespace {

constexpr Ranking kRanking = {3, 1, 0, 4, 2};

std::vector<Question> questions_with(std::vector<std::optional<int>> answers) {
  std::vector<Question> questions(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    questions[i].answer = answers[i];
  return questions;
}

} // namespace

TEST_CASE("average precision at 3 is the inverse rank of the right guess among three") {
  CHECK(average_precision_at_3(kRanking, 3) == 1.0);
  CHECK(average_precision_at_3(kRanking, 1) == 0.5);
  CHECK(average_precision_at_3(kRanking, 0) == 1.0 / 3);
  CHECK(average_precision_at_3(kRanking, 4) == 0.0);
  CHECK(average_precision_at_3(kRanking, 2) == 0.0);
}

TEST_CASE("MAP@3 and accuracy are means over the questions with an answer") {
  const auto questions = questions_with({3, 1, std::nullopt, 0, 4});
  const std::vector<Ranking> rankings(5, kRanking);
  CHECK_THAT(map_at_3(rankings, questions), WithinAbs((1.0 + 0.5 + 1.0 / 3 + 0) / 4, 1e-15));
  CHECK(accuracy(rankings, questions) == 0.25);
}

TEST_CASE("scores of lists of unequal length or without answers are an internal error") {
  const std::vector<Ranking> rankings(2, kRanking);
  CHECK_THROWS_AS(map_at_3(rankings, questions_with({0})), InternalError);
  CHECK_THROWS_AS(accuracy(rankings, questions_with({std::nullopt, std::nullopt})), InternalError);
}
