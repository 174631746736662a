#include "support/random.hpp"

#include "support/machine/x86_64_v3.hpp"

#include <cmath>
#include <numbers>

#include <immintrin.h>

namespace sciexam::inline support {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57; // Salmon et al., section 4.3
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

/// The upper and lower halves of the eight products x[i] * multiplier.
struct WideProduct {
  __m256i high, low;
};

SCIEXAM_V3 inline WideProduct multiply(__m256i x, std::uint32_t multiplier) {
  const __m256i m = _mm256_set1_epi64x(multiplier);
  const __m256i even = _mm256_mul_epu32(x, m), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), m);
  constexpr int kOddLanes = 0xAA;
  return {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, kOddLanes),
          _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), kOddLanes)};
}

SCIEXAM_V3 inline __m256i splat(std::uint32_t word) {
  return _mm256_set1_epi32(static_cast<int>(word));
}

/// Eight blocks at once, one per lane.
SCIEXAM_V3 void philox(const RandomStream& stream, std::uint32_t group, std::uint32_t* out) {
  __m256i x0 = _mm256_add_epi32(splat(group * 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  __m256i x1 = splat(stream.counter[0]), x2 = splat(stream.counter[1]), x3 = splat(stream.counter[2]);
  auto key0 = static_cast<std::uint32_t>(stream.key), key1 = static_cast<std::uint32_t>(stream.key >> 32);
  for (int round = 0; round < kRounds; ++round) {
    const WideProduct a = multiply(x0, kMultiplier0), b = multiply(x2, kMultiplier1);
    x0 = _mm256_xor_si256(_mm256_xor_si256(b.high, x1), splat(key0));
    x1 = b.low;
    x2 = _mm256_xor_si256(_mm256_xor_si256(a.high, x3), splat(key1));
    x3 = a.low;
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  auto* lines = reinterpret_cast<__m256i*>(out);
  _mm256_storeu_si256(lines, x0);
  _mm256_storeu_si256(lines + 1, x1);
  _mm256_storeu_si256(lines + 2, x2);
  _mm256_storeu_si256(lines + 3, x3);
}

} // namespace

std::array<std::uint32_t, kWordsInGroup> random_words(const RandomStream& stream, std::uint32_t group) {
  std::array<std::uint32_t, kWordsInGroup> words;
  philox(stream, group, words.data());
  return words;
}

std::uint32_t RandomSequence::next() {
  if (used_ == words_.size()) {
    philox(stream_, group_++, words_.data());
    used_ = 0;
  }
  return words_[used_++];
}

std::uint32_t RandomSequence::below(std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{next()} * bound;
  const std::uint32_t least = -bound % bound; // products below it would bias the result
  while (static_cast<std::uint32_t>(product) < least)
    product = std::uint64_t{next()} * bound;
  return static_cast<std::uint32_t>(product >> 32);
}

double RandomSequence::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log((next() + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * (next() * 0x1p-32);
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

} // namespace sciexam::inline support
