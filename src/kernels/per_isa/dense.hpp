// Dense layers on packed weights.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/dense_bytes.hpp"
#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::per_isa {
namespace {

/// Room for a panel and the rows of kDepth features; of bytes, for the rows and their scales.
std::int64_t dense_scratch(std::int64_t rows) {
  return (round_up(rows, kTileRows) + kPanelColumns) * kDepth + round_up(rows, kLanes);
}

/// Weights as f32: `depth` rows of a panel.
inline void widen(const std::uint16_t* panel, std::int64_t depth, float* floats) {
  for (std::int64_t i = 0; i < depth * kPanelColumns; i += kLanes)
    store(floats + i, load_half(panel + i));
}

/// Rows in tiles, [tile][depth][kTileRows]; those that are missing in the last one are zeros.
inline void pack_rows(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t depth, float* packed) {
  for (std::int64_t first = 0; first < rows; first += kTileRows, packed += depth * kTileRows)
    for (std::int64_t r = 0; r < kTileRows; ++r) {
      const float* row = x + (first + r) * stride;
      if (first + r < rows)
        for (std::int64_t k = 0; k < depth; ++k)
          packed[k * kTileRows + r] = row[k];
      else
        for (std::int64_t k = 0; k < depth; ++k)
          packed[k * kTileRows + r] = 0;
    }
}

void dense(const DenseRows& call) {
  if (call.byte_weight != nullptr)
    return dense_bytes(call);
  for (std::int64_t k = 0; k < call.in_features; k += kDepth) {
    const std::int64_t depth = smaller(kDepth, call.in_features - k);
    float* rows_packed = call.scratch + kPanelColumns * kDepth;
    pack_rows(call.x + k, call.in_features, call.rows, depth, rows_packed);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const std::int64_t begin = column * call.in_features + k * kPanelColumns;
      const float* panel = call.scratch;
      if (call.half_weight != nullptr)
        widen(call.half_weight + begin, depth, call.scratch);
      else
        panel = call.weight + begin;
      const float* bias = call.bias + column;
      const std::int64_t columns = smaller(kPanelColumns, call.out_features - column);
      float* y = call.y + column;
      for (std::int64_t row = 0; row < call.rows; row += kTileRows) {
        const float* a = rows_packed + row * depth;
        float* c = y + row * call.out_features;
        const std::int64_t rows = smaller(kTileRows, call.rows - row);
        with_whole_tile(c, call.out_features, rows, columns, [&](float* whole, std::int64_t stride) {
          if (k == 0)
            tile<2, Start::bias>(a, kTileRows, panel, kPanelColumns, depth, bias, whole, stride);
          else
            tile<2, Start::result>(a, kTileRows, panel, kPanelColumns, depth, nullptr, whole, stride);
        });
      }
      if (call.gelu && k + depth == call.in_features)
        change_panel(y, call.out_features, call.rows, columns,
                     [](std::int64_t, std::int64_t, Vector x) { return gelu(x); });
    }
  }
}

/// Mean and variance in two passes over a row that the first cache holds.
void add_and_normalise(const NormRows& call) {
  const auto size = static_cast<float>(call.size);
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const float *x = call.x + row * call.size, *residual = call.residual + row * call.size;
    float* y = call.y + row * call.size;
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
} // namespace sciexam::per_isa
