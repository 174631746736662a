// Included before per_isa/table.hpp: AVX-512's intrinsics as plain code (SIMDe), so that the kernels' own AVX-512
// branches are compiled and run on CPUs without it.
#pragma once

#include <cstdint>

#include <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES // _mm512_max_ps becomes simde_mm512_max_ps
#include <simde/x86/avx512.h>

// What SIMDe lacks, in 0.7 at least, or does differently.
namespace {

inline float reduce_add(__m512 x) {
  float sum = 0;
  for (int i = 0; i < 16; ++i)
    sum += x[i];
  return sum;
}

inline __m512 convert_half(__m256i halves) {
  const __m256 floats[] = {_mm256_cvtph_ps(_mm256_castsi256_si128(halves)),
                           _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1))};
  __m512 x;
  __builtin_memcpy(&x, floats, sizeof x);
  return x;
}

inline float flushed(float x) {
  return __builtin_fabsf(x) < 0x1p-126F ? __builtin_copysignf(0, x) : x;
}

/// VDPBF16PS of Intel's manual, volume 2. SIMDe adds the pair's first product first, and rounds the products too.
inline __m512 dot_pairs(__m512 sums, __m512bh a, __m512bh b) {
  std::uint32_t pairs[2][16];
  __builtin_memcpy(pairs[0], &a, sizeof a);
  __builtin_memcpy(pairs[1], &b, sizeof b);
  const auto number = [](std::uint32_t bits) {
    float x = 0;
    __builtin_memcpy(&x, &bits, sizeof x);
    return flushed(x);
  };
  for (int i = 0; i < 16; ++i) {
    const std::uint32_t x = pairs[0][i], y = pairs[1][i];
    const float second = __builtin_fmaf(number(x & 0xFFFF0000), number(y & 0xFFFF0000), flushed(sums[i]));
    sums[i] = flushed(__builtin_fmaf(number(x << 16), number(y << 16), flushed(second)));
  }
  return sums;
}

} // namespace
#undef _mm512_reduce_add_ps // newer ones have some of these
#define _mm512_reduce_add_ps(x) reduce_add(x)
#undef _mm512_cvtph_ps
#define _mm512_cvtph_ps(x) convert_half(x)
#undef _mm512_madd_epi16 // takes four arguments there
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#undef _mm512_dpbf16_ps
#define _mm512_dpbf16_ps(sums, a, b) dot_pairs(sums, a, b)

#define asm(...)      // keeps kernels' sums in registers of 64 bytes, which are not there
#define __AVX512F__ 1 // NOLINT(bugprone-reserved-identifier): what per_isa/vectors.hpp asks for
