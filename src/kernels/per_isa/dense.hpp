// Dense layers on packed weights.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/dense_in_unit.hpp"
#include "kernels/per_isa/dense_int8.hpp"
#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// Room for a panel, for the rows of kDepth elements, for the scales of int8 rows, and for what interleave() writes
/// beyond the last tile.
std::int64_t dense_scratch(std::int64_t rows) {
  return (round_up(rows, kTileRows) + kRounded.tile + kPanelColumns) * kDepth + round_up(rows, kLanes) + kLanes;
}

/// f32 products, with weights that are stored as f32 or f16. `room` is for a tile's rows, or for a panel, which
/// the first tile leaves there and the others read.
struct Floats {
  using Element = float;
  static constexpr std::int64_t kFeatures = 1; // of an element
  static const float* row(const float* x, std::int64_t, float*) { return x; }
  static Vector gelu(Vector x) { return per_isa::gelu(x); }
  template <class Multiply>
  static void with_panel(const DenseRows& call, std::int64_t begin, bool first, float* room, const Multiply& multiply) {
    if (call.weight.stored == StoredWeights::f32)
      multiply(call.weight.f32 + begin);
    else if (first)
      multiply(WidenedPanel{call.weight.f16 + begin, room});
    else
      multiply(static_cast<const float*>(room));
  }
  static PanelAhead ahead(const DenseRows& call, std::int64_t begin, std::int64_t depth, std::int64_t steps) {
    return call.weight.stored == StoredWeights::f32 ? PanelAhead(call.weight.f32 + begin, depth, steps)
                                                    : PanelAhead(call.weight.f16 + begin, depth, steps);
  }
};

/// bf16 products.
struct Bf16Pairs {
  using Element = std::int32_t;
  static constexpr std::int64_t kFeatures = 2;
  static const std::int32_t* row(const float* x, std::int64_t count, std::int32_t* room) {
    round_to_pairs(x, count, room);
    return room;
  }
  static Vector gelu(Vector x) { return coarse_gelu(x); }
  template <class Multiply>
  static void with_panel(const DenseRows& call, std::int64_t begin, bool, std::int32_t*, const Multiply& multiply) {
    multiply(call.weight.bf16 + begin);
  }
  static PanelAhead ahead(const DenseRows& call, std::int64_t begin, std::int64_t depth, std::int64_t steps) {
    return PanelAhead(call.weight.bf16 + begin, depth, steps);
  }
};

/// Rows in tiles, [tile][depth][kTileRows] elements from the k-th on; rows missing in the last one are zeros.
template <class Numbers, class Element>
inline void pack_rows(const DenseRows& call, std::int64_t k, std::int64_t depth, Element* room, Element* packed) {
  const std::int64_t begin = k * Numbers::kFeatures,
                     count = smaller(depth * Numbers::kFeatures, call.in_features - begin);
  for (std::int64_t first = 0; first < call.rows; first += kTileRows, packed += depth * kTileRows) {
    const Element* rows[kTileRows];
    for (std::int64_t r = 0; r < kTileRows; ++r) {
      Element* own = room + r * kDepth;
      if (first + r < call.rows) {
        rows[r] = Numbers::row(call.x + (first + r) * call.x_stride + begin, count, own);
        continue;
      }
      for (std::int64_t i = 0; i < depth; ++i)
        own[i] = 0;
      rows[r] = own;
    }
    interleave(rows, depth, packed);
  }
}

template <class Numbers>
inline void dense_of(const DenseRows& call) {
  auto* room = reinterpret_cast<typename Numbers::Element*>(call.scratch);
  auto* rows_packed = room + kPanelColumns * kDepth;
  const std::int64_t elements = round_up(call.in_features, Numbers::kFeatures) / Numbers::kFeatures; // of a row
  const std::int64_t tiles = round_up(call.rows, kTileRows) / kTileRows;
  for (std::int64_t k = 0; k < elements; k += kDepth) {
    const std::int64_t depth = smaller(kDepth, elements - k);
    pack_rows<Numbers>(call, k, depth, room, rows_packed);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const std::int64_t begin = column * elements + k * kPanelColumns;
      PanelAhead ahead = Numbers::ahead(call, begin + elements * kPanelColumns, depth, depth * tiles);
      for (std::int64_t row = 0; row < call.rows; row += kTileRows, ahead.skip(depth)) {
        const auto* a = rows_packed + row * depth;
        const bool activate = call.gelu && k + depth == elements;
        with_whole_tile(corner(call, row, column, k > 0), [&](float* c, std::int64_t stride) {
          Numbers::with_panel(call, begin, row == 0, room, [&](auto panel) {
            if (k == 0)
              tile<2, Start::bias>(a, kTileRows, panel, kPanelColumns, depth, call.bias + column, c, stride, ahead);
            else
              tile<2, Start::result>(a, kTileRows, panel, kPanelColumns, depth, nullptr, c, stride, ahead);
          });
          if (activate)
            activate_tile(c, stride, Numbers::gelu);
        });
      }
    }
  }
}

void dense(const DenseRows& call) {
#ifdef __AMX_TILE__
  if (dense_in_unit(call))
    return;
#endif
  switch (call.weight.stored) {
  case StoredWeights::int8:
    return dense_int8(call);
  case StoredWeights::bf16:
    return dense_of<Bf16Pairs>(call);
  default:
    return dense_of<Floats>(call);
  }
}

/// Mean and variance in two passes over a row that fits in the first-level cache.
void add_and_normalise(const NormRows& call) {
  const auto size = static_cast<float>(call.size);
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const float *x = call.x + row * call.x_stride, *residual = call.residual + row * call.residual_stride;
    float* y = call.y + row * call.y_stride;
    Vector sums = zero();
    float total = 0;
    std::int64_t i = 0;
    for (; i + kLanes <= call.size; i += kLanes) {
      const Vector value = add(load(x + i), load(residual + i));
      store(y + i, value);
      sums = add(sums, value);
    }
    for (; i < call.size; ++i)
      total += y[i] = x[i] + residual[i];
    const float mean = (sum(sums) + total) / size;
    Vector squares = zero();
    total = 0;
    for (i = 0; i + kLanes <= call.size; i += kLanes) {
      const Vector centred = subtract(load(y + i), all(mean));
      squares = multiply_add(centred, centred, squares);
    }
    for (; i < call.size; ++i)
      total += (y[i] - mean) * (y[i] - mean);
    const float scale = 1 / __builtin_sqrtf((sum(squares) + total) / size + call.eps);
    for (i = 0; i + kLanes <= call.size; i += kLanes) {
      const Vector normal = multiply(subtract(load(y + i), all(mean)), all(scale));
      store(y + i, multiply_add(normal, load(call.weight + i), load(call.bias + i)));
    }
    for (; i < call.size; ++i)
      y[i] = (y[i] - mean) * scale * call.weight[i] + call.bias[i];
  }
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
