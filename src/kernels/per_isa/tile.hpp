// The inner product of all kernels: a tile of the result stays in registers.
#pragma once

#include "kernels/per_isa/vectors.hpp"

namespace sciexam::per_isa {
namespace {

/// What a tile's sums begin with.
enum class Start { zero, bias, result };

/// Where b comes from: weights from far away, and the processor's own prefetch is late.
enum class Source { cache, memory };

/// c[r][x] = start + sum over k of a[k][r] * b[k][x], for kTileRows rows and kVectors vectors of columns; the rows of
/// a, b and c are `_stride` elements apart. `bias` is a row. Every element sums in the order of k,
/// whatever stands beside it. Elements are floats, or pairs of bf16. Never inlined: among other values the compiler
/// would not keep all sums in registers.
template <int kVectors, Start kStart, Source kSource = Source::cache, class Element>
[[gnu::noinline]] void tile(const Element* a, std::int64_t a_stride, const Element* b, std::int64_t b_stride,
                            std::int64_t depth, const float* bias, float* c, std::int64_t c_stride) {
  Vector sums[kTileRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      if constexpr (kStart == Start::zero)
        sums[r][v] = zero();
      else if constexpr (kStart == Start::bias)
        sums[r][v] = load(bias + v * kLanes);
      else
        sums[r][v] = load(c + r * c_stride + v * kLanes);
    }
  for (std::int64_t k = 0; k < depth; ++k) {
    if constexpr (kSource == Source::memory)
      _mm_prefetch(b + 16 * b_stride, _MM_HINT_T0);
    decltype(load(b)) columns[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      columns[v] = load(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const auto row = all_of(a + r);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        sums[r][v] = add_products(row, columns[v], sums[r][v]);
    }
    a += a_stride;
    b += b_stride;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      store(c + r * c_stride + v * kLanes, sums[r][v]);
}

/// Tiles side by side that begin with zeros: `columns` rounded up to whole vectors.
inline void row_of_tiles(const float* a, std::int64_t a_stride, const float* b, std::int64_t b_stride,
                         std::int64_t depth, std::int64_t columns, float* c, std::int64_t c_stride) {
  std::int64_t x = 0;
  for (; x + kLanes < columns; x += 2 * kLanes)
    tile<2, Start::zero>(a, a_stride, b + x, b_stride, depth, nullptr, c + x, c_stride);
  if (x < columns)
    tile<1, Start::zero>(a, a_stride, b + x, b_stride, depth, nullptr, c + x, c_stride);
}

/// Eight rows become eight columns of `to`, in the order of its rows.
inline void transpose_eight(__m256 (&r)[8], float* to, std::int64_t to_stride) {
  __m256 t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
}

/// The same of eight rows in memory, each element times `scale`.
inline void transpose_eight(const float* const (&from)[8], float scale, float* to, std::int64_t to_stride) {
  __m256 r[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i)
    r[i] = _mm256_mul_ps(_mm256_loadu_ps(from[i]), _mm256_set1_ps(scale));
  transpose_eight(r, to, to_stride);
}

} // namespace
} // namespace sciexam::per_isa
