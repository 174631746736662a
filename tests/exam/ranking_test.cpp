#include "exam/ranking.hpp"
#include "support/errors.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

Ranking rank(std::array<double, kOptions> scores) {
  return rank_by_scores(scores);
}

} // namespace

TEST_CASE("options are ranked by falling score") {
  CHECK(rank({0.1, 0.5, 0.2, 0.9, -3}) == Ranking{3, 1, 2, 0, 4});
}

TEST_CASE("equal scores are ranked by letter") {
  CHECK(rank({1, 1, 1, 1, 1}) == Ranking{0, 1, 2, 3, 4});
  CHECK(rank({0, 2, -0.0, 2, 1}) == Ranking{1, 3, 4, 0, 2});
}

TEST_CASE("infinite scores have their place, and what is not a number has none") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(rank({-kInfinity, 0, kInfinity, 1, 2}) == Ranking{2, 4, 3, 1, 0});
  CHECK_THROWS_AS(rank({0, 1, std::numeric_limits<double>::quiet_NaN(), 2, 3}), InternalError);
}

TEST_CASE("the longest option is ranked first, ties by letter") {
  Question question;
  question.options = {"aa", "", "aaaa", "bb", "b"};
  CHECK(rank_by_length(question) == Ranking{2, 0, 3, 4, 1});
}

TEST_CASE("an option's length is counted in characters, not bytes") {
  Question question;
  question.options = {"\xC3\xA9\xC3\xA9", "aaa", "\xF0\x9F\x94\xAC", "aa", ""}; // 2, 3, 1, 2, 0 characters
  CHECK(rank_by_length(question) == Ranking{1, 0, 3, 2, 4});
}

TEST_CASE("options without text come after all others, and both keep their order") {
  Question question;
  question.options = {"a", "", "c", " \xC2\xA0\n", "e"};
  CHECK(with_empty_options_last({3, 1, 4, 0, 2}, question) == Ranking{4, 0, 2, 3, 1});
  question.options = {"a", "b", "c", "d", "e"};
  CHECK(with_empty_options_last({3, 1, 4, 0, 2}, question) == Ranking{3, 1, 4, 0, 2});
  question.options = {};
  CHECK(with_empty_options_last({3, 1, 4, 0, 2}, question) == Ranking{3, 1, 4, 0, 2});
}

TEST_CASE("white space has a length, but is guessed last all the same") {
  Question question;
  question.options = {"a", std::string(9, ' '), "ccc", "bb", ""};
  CHECK(rank_by_length(question) == Ranking{2, 3, 0, 1, 4});
}
