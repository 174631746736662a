// Dense layers on int8 weights: rows are rounded to int8 too, each with a scale of its own, and products are summed as
// integers.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/rounding.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// Rows in tiles, [tile][group][kInt8Parts][kTileRows]; rows missing in the last one are zeros. `room` is for
/// a tile's rows. At k = 0 their scales are written too, while a row is in the first-level cache.
inline void pack_int8(const DenseRows& call, std::int64_t k, std::int64_t depth, float* scales, std::int32_t* room,
                      std::int32_t* packed) {
  const std::int64_t elements = round_up(depth, kGroup) / kGroup * kInt8Parts;
  for (std::int64_t first = 0; first < call.rows; first += kTileRows, packed += elements * kTileRows) {
    const std::int32_t* rows[kTileRows];
    for (std::int64_t r = 0; r < kTileRows; ++r) {
      std::int32_t* own = room + r * kDepth;
      rows[r] = own;
      const std::int64_t row = first + r;
      if (k == 0)
        scales[row] = row < call.rows ? row_scale(call, row) : 0;
      if (row < call.rows)
        round_to_int8(call.x + row * call.x_stride + k, call.int8_scales.inputs + k, inverse(scales[row]), depth, own);
      else
        for (std::int64_t i = 0; i < elements; ++i)
          own[i] = 0;
    }
    interleave(rows, elements, packed);
  }
}

/// c[r][x] = sum over groups of a[group][r] * b[group][x], int8 products, for kTileRows rows and kPanelColumns columns.
/// Sums begin with zeros (kBegin) or with the 32-bit integers that lie where the floats will be; at the end (kEnd) they
/// become what they stand for, while they are in registers: `call` without GELU, `column` its first column, row_scales
/// of kTileRows.
/// Never inlined, like tile().
template <bool kBegin, bool kEnd>
[[gnu::noinline]] void int8_tile(const std::int32_t* a, const std::int8_t* b, std::int64_t groups, float* c,
                                 std::int64_t c_stride, const DenseRows& call, std::int64_t column,
                                 const float* row_scales, PanelAhead ahead) {
  Integers sums[kTileRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      sums[r][v] = kBegin ? Integers{} : load_integers(c + r * c_stride + v * kLanes);
  const auto add_part = [&]<int kPart>(Constant<kPart>) {
    Integers columns[2];
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      columns[v] = part_of<kPart>(load_integers(b + v * kGroup * kLanes));
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const Integers row = all_integers(a[kPart * kTileRows + r]);
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v)
        sums[r][v] = add_products(row, columns[v], sums[r][v]);
    }
  };
  for (std::int64_t group = 0; group < groups; ++group) {
    ahead.fetch();
    add_part(Constant<0>{});
    if constexpr (kInt8Parts == 2)
      add_part(Constant<1>{});
    a += kTileRows * kInt8Parts;
    b += kGroup * kPanelColumns;
  }
#pragma GCC unroll 2
  for (int v = 0; v < 2; ++v)
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      float* to = c + r * c_stride + v * kLanes;
      if constexpr (kEnd)
        store(to, scaled_sum(call, row_scales[r], column + v * kLanes, sums[r][v]));
      else
        store_integers(to, sums[r][v]);
    }
}

void dense_int8(const DenseRows& call) {
  const std::int64_t tiles = round_up(call.rows, kTileRows) / kTileRows;
  float* scales = call.scratch;
  auto* room = reinterpret_cast<std::int32_t*>(scales + round_up(call.rows, kLanes) + kLanes);
  auto* packed = room + kPanelColumns * kDepth;
  const std::int64_t panel_bytes = round_up(call.in_features, kGroup) * kPanelColumns;
  for (std::int64_t k = 0; k < call.in_features; k += kInt8Depth) {
    const std::int64_t depth = smaller(kInt8Depth, call.in_features - k), groups = round_up(depth, kGroup) / kGroup;
    const bool last = k + depth == call.in_features;
    pack_int8(call, k, depth, scales, room, packed);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const std::int8_t* panel = call.weight.int8 + column / kPanelColumns * panel_bytes + k * kPanelColumns;
      PanelAhead ahead(reinterpret_cast<const std::int32_t*>(panel + panel_bytes), groups, groups * tiles);
      for (std::int64_t row = 0; row < call.rows; row += kTileRows, ahead.skip(groups)) {
        const std::int32_t* a = packed + row * kInt8Parts * groups;
        with_whole_tile(corner(call, row, column, k > 0), [&](float* c, std::int64_t stride) {
          const auto multiply = [&]<bool kBegin, bool kEnd>(Constant<kBegin>, Constant<kEnd>) {
            int8_tile<kBegin, kEnd>(a, panel, groups, c, stride, call, column, scales + row, ahead);
          };
          if (k == 0 && last)
            multiply(Constant<true>{}, Constant<true>{});
          else if (k == 0)
            multiply(Constant<true>{}, Constant<false>{});
          else if (last)
            multiply(Constant<false>{}, Constant<true>{});
          else
            multiply(Constant<false>{}, Constant<false>{});
          if (last && call.gelu)
            activate_tile(c, stride, coarse_gelu);
        });
      }
    }
  }
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
