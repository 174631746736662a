#include "retrieval/contexts/option_ranking.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

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
