#include "support/random.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// Philox's block at this counter and key.
std::array<std::uint32_t, 4> block(std::array<std::uint32_t, 4> counter, std::uint64_t key) {
  const auto words = random_words({key, {counter[1], counter[2], counter[3]}}, counter[0] / 8);
  const std::size_t lane = counter[0] % 8;
  return {words[lane], words[8 + lane], words[16 + lane], words[24 + lane]};
}

} // namespace

TEST_CASE("random words are those of Philox4x32-10") {
  // Known answers of the authors' library Random123 (tests/kat_vectors).
  CHECK(block({0, 0, 0, 0}, 0) == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t kOnes = 0xffffffff;
  CHECK(block({kOnes, kOnes, kOnes, kOnes}, 0xffffffffffffffff) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
        std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("streams that differ in any member give different masks") {
  const RandomStream stream{1, {0, 0, 0}};
  const auto words = random_words(stream, 0);
  for (const RandomStream& other : {RandomStream{2, {0, 0, 0}}, RandomStream{1ULL << 40, {0, 0, 0}},
                                    RandomStream{1, {1, 0, 0}}, RandomStream{1, {0, 1, 0}}, RandomStream{1, {0, 0, 1}}})
    CHECK(random_words(other, 0) != words);
  CHECK(random_words(stream, 1) != words);
}

TEST_CASE("numbers below a bound are evenly spread, also where the bound does not divide 2^32") {
  RandomSequence random({11, {}});
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i)
    ++counts[random.below(7)];
  for (const int count : counts)
    CHECK(std::abs(count - 10'000) < 400);
}

TEST_CASE("normal numbers have mean 0 and variance 1") {
  RandomSequence random({12, {}});
  double sum = 0, squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(std::abs(sum / kCount) < 0.0127); // four standard deviations
  CHECK(std::abs(squares / kCount - 1) < 0.018);
}

TEST_CASE("every order of a shuffle is equally likely") {
  RandomSequence random({13, {}});
  std::map<std::vector<int>, int> seen;
  constexpr int kCount = 24'000;
  for (int i = 0; i < kCount; ++i) {
    std::vector<int> items(4);
    std::iota(items.begin(), items.end(), 0);
    shuffle(items, random);
    ++seen[items];
  }
  CHECK(seen.size() == 24);
  for (const auto& [order, count] : seen)
    CHECK(std::abs(count - 1000) < 125); // four standard deviations
}
