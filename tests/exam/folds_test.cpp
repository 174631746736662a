#include "exam/folds.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

using Indices = std::vector<std::size_t>;

constexpr RandomStream kStream = {.key = 7, .counter = {0xF0000001, 0, 0}};

Indices own_groups(std::size_t count) {
  Indices groups(count);
  std::iota(groups.begin(), groups.end(), std::size_t{0});
  return groups;
}

Question question(std::string prompt) {
  return {.id = "", .prompt = std::move(prompt), .options = {"a", "b", "c", "d", "e"}, .context = ""};
}

Indices sizes_of(const std::vector<int>& folds, int count) {
  Indices sizes(static_cast<std::size_t>(count));
  for (const int fold : folds)
    ++sizes.at(static_cast<std::size_t>(fold));
  return sizes;
}

} // namespace

TEST_CASE("questions linked by near-duplicates have the lowest of their indices as their group") {
  const std::vector<Question> questions = {question("What is Mars made of?"), question("b c d e f g h i j k l m n o"),
                                           question("d e f g h i j k l m n o p q"),
                                           question("c d e f g h i j k l m n o p"), question("what is mars made of")};
  CHECK(duplicate_groups(questions) == Indices{0, 1, 1, 1, 0});
  CHECK(duplicate_groups(questions, 0.9) == Indices{0, 1, 2, 3, 0});
  CHECK(duplicate_groups({}).empty());
}

TEST_CASE("in turn, folds differ by one group at most, and depend on the stream") {
  const std::vector<int> folds = deal_folds(own_groups(14), {}, 4, Dealing::in_turn, kStream);
  Indices sizes = sizes_of(folds, 4);
  CHECK(sizes == Indices{4, 4, 3, 3});
  CHECK(folds == deal_folds(own_groups(14), {}, 4, Dealing::in_turn, kStream));
  CHECK(folds != deal_folds(own_groups(14), {}, 4, Dealing::in_turn, {.key = 8, .counter = {0xF0000001, 0, 0}}));
}

// The values come from the code that `train` and `data` each had before they shared this one.
TEST_CASE("both ways deal as they always have") {
  const Indices groups = {0, 1, 2, 0, 4, 5, 5, 7, 8, 9, 1, 11};
  const Indices strata = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  CHECK(deal_folds(groups, {}, 3, Dealing::in_turn, kStream) == std::vector<int>{0, 2, 0, 0, 1, 2, 2, 1, 2, 1, 2, 0});
  CHECK(deal_folds(groups, strata, 3, Dealing::evenly, kStream) ==
        std::vector<int>{0, 1, 1, 0, 0, 2, 2, 0, 2, 1, 1, 2});
}

TEST_CASE("a group stays within one fold either way") {
  const Indices groups = {0, 0, 0, 3, 3, 5, 6, 7, 8, 0};
  for (const Dealing dealing : {Dealing::in_turn, Dealing::evenly}) {
    const std::vector<int> folds = deal_folds(groups, Indices(10), 3, dealing, kStream);
    for (std::size_t i = 0; i < groups.size(); ++i)
      CHECK(folds[i] == folds[groups[i]]);
    CHECK(std::set<int>(folds.begin(), folds.end()).size() == 3);
  }
}

TEST_CASE("folds without strata for even dealing are the caller's fault") {
  CHECK_THROWS_AS(deal_folds(own_groups(3), {}, 2, Dealing::evenly, kStream), InternalError);
  CHECK_THROWS_AS(deal_folds(own_groups(3), {}, 0, Dealing::in_turn, kStream), InternalError);
}
