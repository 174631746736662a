// The operands of attention's products: q, k and v of one head, brought into the order in which tiles read them, as
// floats or as pairs of 16-bit integers.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/rounding.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// Some rows of a matrix, transposed: their elements k are at[k * stride], at[k * stride + 1], .... Integers count
/// scales[row] each; floats have no scales.
template <class Element>
struct Operand {
  const Element* at;
  std::int64_t stride;
  const float* scales;

  /// The same without its first rows.
  Operand from(std::int64_t row) const { return {at + row, stride, scales + row}; }
};

/// Rows lie far apart, where CPUs do not look ahead by themselves. Beyond the last one nothing happens: a prefetch
/// never faults. (Measured on Zen 4: copying q, k and v takes 30 % less time.)
constexpr std::int64_t kRowsAhead = 8;
inline void prefetch_row(const float* row, std::int64_t size) {
  for (std::int64_t i = 0; i < size; i += 64 / static_cast<std::int64_t>(sizeof *row))
    _mm_prefetch(reinterpret_cast<const char*>(row + i), _MM_HINT_T0);
}

/// f32 products.
struct FloatOperands {
  using Element = float;
  static constexpr std::int64_t kFactors = 1; // in an element
  static constexpr float kOne = 1;            // what an exponential of 1 becomes

  explicit FloatOperands(std::int64_t) {}

  static Operand<float> columns(const DistanceTable& table, std::int64_t panel, std::int64_t head_dim) {
    return {table.columns.f32 + panel * head_dim * kPanelColumns, kPanelColumns, table.scales};
  }
  /// x[i] * scale: x itself, or what it leaves in `room`.
  const float* row(const float* x, std::int64_t count, float scale, float* room, float*) const {
    if (scale == 1)
      return x;
    for (std::int64_t i = 0; i < count; i += kLanes)
      store(room + i, multiply(load_some(x + i, count - i), all(scale)));
    return room;
  }
  template <int kVectors, Start kStart>
  static void multiply_tile(const Operand<float>& a, const Operand<float>& b, std::int64_t depth, float* c,
                            std::int64_t c_stride) {
    tile<kVectors, kStart>(a.at, a.stride, b.at, b.stride, depth, nullptr, c, c_stride);
  }
  static Vector exponential(Vector x) { return per_isa::exponential(x); } ///< of x <= 0
  static constexpr std::int64_t kMostDepth = INT64_MAX;                   ///< of a product with exponentials
  static void store_exponentials(const Vector (&values)[1][2], float* to) {
    store(to, values[0][0]);
    store(to + kLanes, values[0][1]);
  }
  /// v as [keys][columns], whole vectors of columns.
  static void copy_values(const HeadAttention& call, float* to, std::int64_t columns, float*) {
    for (std::int64_t j = 0; j < call.length; ++j, to += columns) {
      const float* row = call.v + j * call.qkv_stride;
      prefetch_row(row + kRowsAhead * call.qkv_stride, call.head_dim);
      for (std::int64_t d = 0; d < columns; d += kLanes)
        store(to + d, load_some(row + d, call.head_dim - d));
    }
  }
};

/// x / scale as an integer, rounded to the nearest, in the lower half of each lane: the float beyond 2^23 whose last
/// bit stands for 1 has it there.
inline Integers rounded_to_shorts(Vector x, Vector inverse_scale) {
  return bits_of(multiply_add(x, inverse_scale, all(12582912.0F))); // 1.5 * 2^23
}
inline Integers pairs_of(Integers first, Integers second) {
  return (first & 0xFFFF) | (second << 16);
}

/// c[r][x] = (c[r][x] +) scales of row and column * sum over k of a[k][r] * b[k][x], products of pairs of 16-bit
/// integers. Never inlined, like tile().
template <int kVectors, Start kStart>
[[gnu::noinline]] void tile_of_shorts(Operand<std::int32_t> a, Operand<std::int32_t> b, std::int64_t depth, float* c,
                                      std::int64_t c_stride) {
  Integers sums[kTileRows][kVectors] = {};
  const std::int32_t *rows = a.at, *panel = b.at;
  for (std::int64_t k = 0; k < depth; ++k, rows += a.stride, panel += b.stride) {
    Integers columns[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      columns[v] = load_integers(panel + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const Integers row = all_integers(rows[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        sums[r][v] = add_short_products(row, columns[v], sums[r][v]);
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Vector column_scales = load(b.scales + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      float* to = c + r * c_stride + v * kLanes;
      const Vector sum = multiply(to_floats(sums[r][v]), all(a.scales[r]));
      store(to, kStart == Start::result ? multiply_add(sum, column_scales, load(to)) : multiply(sum, column_scales));
    }
  }
}

/// Products of 16-bit integers with exact sums: each row of q, k and the tables is rounded with a scale of its own, as
/// finely as its products' sums fit into 32 bits (short_limit()); each column of v, too.
class ShortOperands {
public:
  using Element = std::int32_t;
  static constexpr std::int64_t kFactors = 2;
  // So many pairs of products of exponentials and values fit into a sum.
  static constexpr float kOne = 16383, kMostValue = 1023;
  static constexpr std::int64_t kMostDepth = 64;

  explicit ShortOperands(std::int64_t head_dim) : limit_(short_limit(head_dim)) {}

  static Operand<std::int32_t> columns(const DistanceTable& table, std::int64_t panel, std::int64_t head_dim) {
    const std::int64_t first = panel * kPanelColumns;
    return {table.columns.shorts + first * ((head_dim + 1) / 2), kPanelColumns, table.scales + first};
  }
  /// Leaves the row in `room` and what an element counts, times `scale`, in `row_scale`: NaN if the row holds one.
  const std::int32_t* row(const float* x, std::int64_t count, float scale, std::int32_t* room, float* row_scale) const {
    using Halves = std::uint16_t __attribute__((vector_size(2 * kLanes)));
    Vector most = zero();
    for (std::int64_t i = 0; i < count; i += kLanes)
      most = larger_magnitude(most, load_some(x + i, count - i));
    const float step = largest(most) / limit_;
    *row_scale = step * scale;
    for (std::int64_t i = 0; i < count; i += kLanes) {
      const Integers rounded = rounded_to_shorts(load_some(x + i, count - i), all(inverse(step)));
      const Halves halves = __builtin_convertvector(rounded, Halves);
      __builtin_memcpy(room + i / 2, &halves, sizeof halves);
    }
    return room;
  }
  template <int kVectors, Start kStart>
  static void multiply_tile(const Operand<std::int32_t>& a, const Operand<std::int32_t>& b, std::int64_t depth,
                            float* c, std::int64_t c_stride) {
    tile_of_shorts<kVectors, kStart>(a, b, depth, c, c_stride);
  }
  static Vector exponential(Vector x) { return coarse_exp2(x); }
  static void store_exponentials(const Vector (&values)[2][2], std::int32_t* to) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      store_integers(to + v * kLanes,
                     pairs_of(rounded_to_shorts(values[0][v], all(kOne)), rounded_to_shorts(values[1][v], all(kOne))));
  }
  /// v as [pairs of keys][columns]; an odd last key's partner is zero.
  static void copy_values(const HeadAttention& call, std::int32_t* to, std::int64_t columns, float* scales) {
    for (std::int64_t d = 0; d < columns; d += kLanes) {
      Vector most = zero();
      for (std::int64_t j = 0; j < call.length; ++j) {
        const float* row = call.v + j * call.qkv_stride;
        if (d == 0)
          prefetch_row(row + kRowsAhead * call.qkv_stride, call.head_dim);
        most = larger_magnitude(most, load_some(row + d, call.head_dim - d));
      }
      store(scales + d, multiply(most, all(1 / kMostValue)));
    }
    for (std::int64_t j = 0; j < call.length; j += 2, to += columns) {
      const float *first = call.v + j * call.qkv_stride, *second = first + call.qkv_stride;
      for (std::int64_t d = 0; d < columns; d += kLanes) {
        const Vector steps = load(scales + d), inverse = steps > 0 ? divide(all(1), steps) : zero();
        const auto of = [&](const float* row) {
          return rounded_to_shorts(load_some(row + d, call.head_dim - d), inverse);
        };
        store_integers(to + d, pairs_of(of(first), j + 1 < call.length ? of(second) : Integers{}));
      }
    }
  }

private:
  float limit_;
};

/// Elements that hold `count` factors.
template <class Operands>
constexpr std::int64_t elements_of(std::int64_t count) {
  return round_up(count, Operands::kFactors) / Operands::kFactors;
}

/// to[d][r] = element d of the r-th of eight rows of head_dim elements, row_at(r), times scale; and the rows' scales.
/// `room` is for eight rows, room_stride elements apart.
template <class Operands, class RowAt, class Element = typename Operands::Element>
inline void transpose_rows(const Operands& operands, const RowAt& row_at, std::int64_t head_dim, float scale,
                           Element* to, std::int64_t to_stride, float* scales, Element* room,
                           std::int64_t room_stride) {
  const std::int64_t elements = elements_of<Operands>(head_dim);
  const Element* from[8];
  for (std::int64_t r = 0; r < 8; ++r)
    from[r] = operands.row(row_at(r), head_dim, scale, room + r * room_stride, scales + r);
  std::int64_t d = 0;
  for (; d + 8 <= elements; d += 8) {
    __m256 eight[8];
#pragma GCC unroll 8
    for (std::int64_t r = 0; r < 8; ++r)
      eight[r] = _mm256_loadu_ps(reinterpret_cast<const float*>(from[r] + d));
    transpose_eight(eight, reinterpret_cast<float*>(to + d * to_stride), to_stride);
  }
  for (; d < elements; ++d)
    for (std::int64_t r = 0; r < 8; ++r)
      to[d * to_stride + r] = from[r][d];
}

/// to[d][i] = element d of x[i] * scale, zeros after the last row, and the rows' scales. `room` as in transpose_rows().
template <class Operands, class Element = typename Operands::Element>
inline void transpose(const Operands& operands, const float* x, std::int64_t stride, std::int64_t rows,
                      std::int64_t head_dim, float scale, Element* to, std::int64_t to_stride, float* scales,
                      Element* room, std::int64_t room_stride) {
  for (std::int64_t i = 0; i < rows; i += 8) {
    for (std::int64_t r = 0; r < 8; ++r)
      prefetch_row(x + (i + kRowsAhead + r) * stride, head_dim);
    const auto row_at = [&](std::int64_t r) { return x + smaller(i + r, rows - 1) * stride; }; // at the end the last
    transpose_rows(operands, row_at, head_dim, scale, to + i, to_stride, scales + i, room, room_stride);
  }
  const std::int64_t elements = elements_of<Operands>(head_dim);
  for (std::int64_t d = 0; d < elements; ++d)
    for (std::int64_t i = rows; i < to_stride; ++i)
      to[d * to_stride + i] = 0;
  for (std::int64_t i = rows; i < to_stride; ++i)
    scales[i] = 0;
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
