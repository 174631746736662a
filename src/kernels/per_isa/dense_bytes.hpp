// Dense layers on weights of one byte: rows are rounded to bytes too, each to a scale of its own, and summed in
// integers.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/vectors.hpp"

namespace sciexam::per_isa {
namespace {

constexpr std::int64_t kGroup = 4; // input features that a 32-bit element holds
/// Elements of a row, of all parts, that are multiplied at once; see kDepth.
constexpr std::int64_t kByteDepth = kDepth / kByteParts * kGroup;
constexpr float kLargestByte = 127;

inline float largest(Vector x) {
  float each[kLanes];
  store(each, x);
  float most = 0;
  for (const float value : each)
    most = value > most ? value : most;
  return most;
}

/// The absolute value of a row's largest element times its factor.
inline float largest_input(const float* x, const float* factors, std::int64_t size) {
  Vector most = zero();
  for (std::int64_t i = 0; i < size; i += kLanes) {
    const Vector value = multiply(load_some(x + i, size - i), load_some(factors + i, size - i));
    most = greater(most, greater(value, subtract(zero(), value)));
  }
  return largest(most);
}

/// bytes[i] = 128 + x[i] factors[i] scale, rounded; up to a multiple of kLanes, where 128 follows.
inline void round_to_bytes(const float* x, const float* factors, float scale, std::int64_t count, std::uint8_t* bytes) {
  using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Vector input = multiply(load_some(x + i, count - i), load_some(factors + i, count - i)),
                 scaled = multiply(input, all(scale));
    const Bytes rounded = __builtin_convertvector(to_integers(nearest(scaled)) + 128, Bytes);
    __builtin_memcpy(bytes + i, &rounded, sizeof rounded);
  }
}

/// Rows in tiles, [tile][group][kTileRows][kByteParts]; those that are missing in the last one are zeros. `bytes` has
/// room for a row.
inline void pack_bytes(const DenseRows& call, std::int64_t k, std::int64_t depth, const float* scales,
                       std::uint8_t* bytes, std::int32_t* packed) {
  const std::int64_t groups = round_up(depth, kGroup) / kGroup, step = kTileRows * kByteParts;
  for (std::int64_t row = 0; row < round_up(call.rows, kTileRows); ++row) {
    std::int32_t* to = packed + row / kTileRows * groups * step + row % kTileRows * kByteParts;
    const bool exists = row < call.rows;
    if (exists)
      round_to_bytes(call.x + row * call.in_features + k, call.input_factors + k, scales[row] > 0 ? 1 / scales[row] : 0,
                     depth, bytes);
    for (std::int64_t group = 0; group < groups; ++group, to += step) {
      std::int32_t word = 0;
      if (exists)
        __builtin_memcpy(&word, bytes + group * kGroup, sizeof word);
      if constexpr (kByteParts == 1) {
        *to = word;
      } else {
        to[0] = word & 0x00FF00FF;
        to[1] = word >> 8 & 0x00FF00FF;
      }
    }
  }
}

/// c[r][x] (+)= sum over groups of a[group][r] * b[group][x], bytes times bytes, for kTileRows rows and kPanelColumns
/// columns of 32-bit integers. c is where floats will be. Never inlined, as tile().
template <bool kAdd>
[[gnu::noinline]] void byte_tile(const std::int32_t* a, const std::int8_t* b, std::int64_t groups, float* c,
                                 std::int64_t c_stride) {
  Integers sums[kTileRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      sums[r][v] = kAdd ? load_integers(c + r * c_stride + v * kLanes) : Integers{};
  const auto add_part = [&]<int kPart>(Part<kPart>) {
    Integers columns[2];
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      columns[v] = part_of<kPart>(load_integers(b + v * kGroup * kLanes));
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const Integers row = all_integers(a[r * kByteParts + kPart]);
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v)
        sums[r][v] = add_products(row, columns[v], sums[r][v]);
    }
  };
  for (std::int64_t group = 0; group < groups; ++group) {
    _mm_prefetch(b + 16 * kGroup * kPanelColumns, _MM_HINT_T0);
    add_part(Part<0>{});
    if constexpr (kByteParts == 2)
      add_part(Part<1>{});
    a += kTileRows * kByteParts;
    b += kGroup * kPanelColumns;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      store_integers(c + r * c_stride + v * kLanes, sums[r][v]);
}

/// Integers to what they stand for. 128 was added to all bytes of rows: `surplus` is what that added to a column's sum.
inline void scale_panel(const DenseRows& call, std::int64_t column, const float* scales, std::int64_t columns) {
  change_panel(call.y + column, call.out_features, call.rows, columns,
               [&](std::int64_t row, std::int64_t x, Vector bits) {
                 const Vector sum = to_floats(bits_of(bits) - load_integers(call.byte_surplus + column + x)),
                              scale = multiply(all(scales[row]), load(call.byte_scales + column + x)),
                              y = multiply_add(sum, scale, load(call.bias + column + x));
                 return call.gelu ? gelu(y) : y;
               });
}

void dense_bytes(const DenseRows& call) {
  float* scales = call.scratch;
  auto* bytes = reinterpret_cast<std::uint8_t*>(scales + round_up(call.rows, kLanes));
  auto* packed = reinterpret_cast<std::int32_t*>(bytes + kByteDepth);
  for (std::int64_t row = 0; row < call.rows; ++row)
    scales[row] = largest_input(call.x + row * call.in_features, call.input_factors, call.in_features) / kLargestByte;
  const std::int64_t panel_bytes = round_up(call.in_features, kGroup) * kPanelColumns;
  for (std::int64_t k = 0; k < call.in_features; k += kByteDepth) {
    const std::int64_t depth = smaller(kByteDepth, call.in_features - k), groups = round_up(depth, kGroup) / kGroup;
    pack_bytes(call, k, depth, scales, bytes, packed);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const std::int8_t* panel = call.byte_weight + column / kPanelColumns * panel_bytes + k * kPanelColumns;
      const std::int64_t columns = smaller(kPanelColumns, call.out_features - column);
      for (std::int64_t row = 0; row < call.rows; row += kTileRows) {
        const std::int32_t* a = packed + row * kByteParts * groups;
        float* c = call.y + row * call.out_features + column;
        const std::int64_t rows = smaller(kTileRows, call.rows - row);
        with_whole_tile(c, call.out_features, rows, columns, [&](float* whole, std::int64_t stride) {
          if (k == 0)
            byte_tile<false>(a, panel, groups, whole, stride);
          else
            byte_tile<true>(a, panel, groups, whole, stride);
        });
      }
      if (k + depth == call.in_features)
        scale_panel(call, column, scales, columns);
    }
  }
}

} // namespace
} // namespace sciexam::per_isa
