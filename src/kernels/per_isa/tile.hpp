// The inner product of all kernels: a tile of the result stays in registers.
#pragma once

#include "kernels/per_isa/vectors.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// What a tile's sums start from.
enum class Start { zero, bias, result };

/// The panel of weights that will be multiplied next, still in memory: tiles prefetch it into the second-level cache
/// while they multiply, evenly over their steps in depth. (Measured on Emerald Rapids: f32 products are 8 to 12 %
/// faster than with a panel's rows prefetched shortly before they are needed, others 2 to 5 %.)
class PanelAhead {
public:
  /// Until fetch() has been called `steps` times.
  template <class Element>
  PanelAhead(const Element* panel, std::int64_t depth, std::int64_t steps)
      : at_(reinterpret_cast<const char*>(panel)),
        step_(static_cast<std::int64_t>(sizeof(Element)) * depth * kPanelColumns / steps) {}

  /// To be called at each step of a tile, with a copy of it.
  void fetch() {
    _mm_prefetch(at_, _MM_HINT_T1);
    at_ += step_;
  }
  /// To be called after each tile.
  void skip(std::int64_t steps) { at_ += steps * step_; }

private:
  const char* at_;
  std::int64_t step_;
};

struct NothingAhead {
  void fetch() {}
};

/// Weights stored as f16, which a tile that reads them leaves as f32 for the next tiles.
struct WidenedPanel {
  const std::uint16_t* halves;
  float* floats;

  WidenedPanel& operator+=(std::int64_t count) {
    halves += count;
    floats += count;
    return *this;
  }
};
inline Vector columns_at(WidenedPanel b, std::int64_t first) {
  const Vector columns = load_half(b.halves + first);
  store(b.floats + first, columns);
  return columns;
}
template <class Element>
inline auto columns_at(const Element* b, std::int64_t first) {
  return load(b + first);
}

/// c[r][x] = start + sum over k of a[k][r] * b[k][x], for kTileRows rows and kVectors vectors of columns; the rows of
/// a, b and c are `_stride` elements apart. `bias` is a row. Every element is summed in the order of k, whatever
/// its neighbours. Elements are floats, or pairs of bf16. Never inlined: among other values the compiler would not keep
/// all sums in registers.
template <int kVectors, Start kStart, class Element, class Panel, class Ahead = NothingAhead>
[[gnu::noinline]] void tile(const Element* a, std::int64_t a_stride, Panel b, std::int64_t b_stride, std::int64_t depth,
                            const float* bias, float* c, std::int64_t c_stride, Ahead ahead = {}) {
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
    ahead.fetch();
    decltype(columns_at(b, 0)) columns[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      columns[v] = columns_at(b, v * kLanes);
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

/// A tile's rows as [depth][kTileRows], eight elements of eight rows at a time. What this writes beyond a tile's rows
/// is overwritten: by the first eight rows, which come last, by the elements that follow, and by the next tile.
template <class Element>
inline void interleave(const Element* const (&rows)[kTileRows], std::int64_t depth, Element* packed) {
  std::int64_t k = 0;
  for (; k + 8 <= depth; k += 8)
    for (std::int64_t first = round_up(kTileRows, 8) - 8; first >= 0; first -= 8) {
      __m256 eight[8];
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < 8; ++r)
        eight[r] = _mm256_loadu_ps(reinterpret_cast<const float*>(rows[smaller(first + r, kTileRows - 1)] + k));
      transpose_eight(eight, reinterpret_cast<float*>(packed + k * kTileRows + first), kTileRows);
    }
  for (; k < depth; ++k)
    for (std::int64_t r = 0; r < kTileRows; ++r)
      packed[k * kTileRows + r] = rows[r][k];
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
