#include "kernels/dropout_mask.hpp"

#include <cmath>
#include <vector>

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

TEST_CASE("dropout zeroes its part of the elements and scales the others") {
  const std::vector<float> ones(100'000, 1.0F);
  std::vector<float> out(ones.size());
  apply_dropout({7, {1, 2, 3}}, 0, 0.1, ones.data(), out.data(), ones.size());
  std::size_t zeros = 0;
  for (const float value : out) {
    CHECK_FALSE((value != 0 && value != 1.0F / 0.9F));
    zeros += value == 0;
  }
  CHECK(std::abs(static_cast<double>(zeros) / 1e5 - 0.1) < 0.004); // four standard deviations
}

TEST_CASE("a part of a mask is the same as that part of the whole mask") {
  std::vector<double> values(1000), whole(values.size()), parts(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i + 1);
  const RandomStream stream{3, {4, 5, 6}};
  apply_dropout(stream, 0, 0.5, values.data(), whole.data(), values.size());
  for (const std::size_t first : {0U, 320U, 960U})
    apply_dropout(stream, first, 0.5, &values[first], &parts[first],
                  (first == 0     ? 320U
                   : first == 320 ? 960U
                                  : 1000U) -
                      first);
  CHECK(whole == parts);
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
