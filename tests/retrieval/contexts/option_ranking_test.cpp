#include "retrieval/contexts/option_ranking.hpp"

#include <cmath>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using Catch::Approx;

TEST_CASE("options are ranked by their hits, then by their lengths; those without text come last") {
  const Question question = {.options = {"aa", "bbb", "cc", "", "d"}};
  CHECK((rank_by_hits(question, {1, 2, 3, 9, 0}) == Ranking{2, 1, 0, 4, 3}));
  CHECK((rank_by_hits(question, {}) == rank_by_length(question)));
}

TEST_CASE("a character counts as kScorePerCharacter, a multi-byte one once") {
  const Question question = {.options = {"\xC3\xA9\xC3\xA9", "abc", "a", "a", "a"}};
  CHECK((rank_by_hits(question, {1.5 * kScorePerCharacter, 0, 0, 0, 0}) == Ranking{0, 1, 2, 3, 4}));
  CHECK((rank_by_hits(question, {0.5 * kScorePerCharacter, 0, 0, 0, 0}) == Ranking{1, 0, 2, 3, 4}));
}

TEST_CASE("hits become probabilities by their distance from the mean in standard deviations") {
  const Question question = {.options = {"a", "a", "a", "a", "a"}};
  // Mean 2, variance 2.
  const auto p = hit_probabilities(question, {0, 1, 2, 3, 4});
  double sum = 0;
  for (const double distance : {-2.0, -1.0, 0.0, 1.0, 2.0})
    sum += std::exp(distance / std::sqrt(2));
  for (std::size_t i = 0; i < p.size(); ++i)
    CHECK(p[i] == Approx(std::exp((static_cast<double>(i) - 2) / std::sqrt(2)) / sum).epsilon(1e-12));

  SECTION("however long the question is") {
    const auto longer = hit_probabilities(question, {50, 60, 70, 80, 90});
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK(longer[i] == Approx(p[i]).epsilon(1e-12));
  }
  SECTION("equal ones are a fifth each") {
    for (const double probability : hit_probabilities(question, {3, 3, 3, 3, 3}))
      CHECK(probability == Approx(0.2));
  }
}
