// Dense layers on packed weights.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/functions.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::per_isa {
namespace {

/// Input features at once: of all rows these stay in the second cache. (Measured on Zen 3, with 192 rows: 512 are 5 %
/// faster than 256, whose panel of weights would stay in the first cache.)
constexpr std::int64_t kDepth = 512;

std::int64_t dense_scratch(std::int64_t rows) {
  return (round_up(rows, kTileRows) + kPanelColumns) * kDepth;
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

/// A tile of which only some rows and columns exist.
inline void edge_tile(const float* a, const float* b, std::int64_t depth, const float* bias, bool first, float* c,
                      std::int64_t c_stride, std::int64_t rows, std::int64_t columns) {
  float whole[kTileRows * kPanelColumns] = {};
  if (!first)
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t x = 0; x < columns; ++x)
        whole[r * kPanelColumns + x] = c[r * c_stride + x];
  if (first)
    tile<2, Start::bias>(a, kTileRows, b, kPanelColumns, depth, bias, whole, kPanelColumns);
  else
    tile<2, Start::result>(a, kTileRows, b, kPanelColumns, depth, bias, whole, kPanelColumns);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t x = 0; x < columns; ++x)
      c[r * c_stride + x] = whole[r * kPanelColumns + x];
}

inline void gelu_panel(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t r = 0; r < rows; ++r, y += stride) {
    std::int64_t x = 0;
    for (; x + kLanes <= columns; x += kLanes)
      store(y + x, gelu(load(y + x)));
    if (x == columns)
      continue;
    float rest[kLanes] = {};
    for (std::int64_t i = 0; i < columns - x; ++i)
      rest[i] = y[x + i];
    store(rest, gelu(load(rest)));
    for (std::int64_t i = 0; i < columns - x; ++i)
      y[x + i] = rest[i];
  }
}

void dense(const DenseRows& call) {
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
        if (const std::int64_t rows = smaller(kTileRows, call.rows - row); rows < kTileRows || columns < kPanelColumns)
          edge_tile(a, panel, depth, bias, k == 0, c, call.out_features, rows, columns);
        else if (k == 0)
          tile<2, Start::bias>(a, kTileRows, panel, kPanelColumns, depth, bias, c, call.out_features);
        else
          tile<2, Start::result>(a, kTileRows, panel, kPanelColumns, depth, nullptr, c, call.out_features);
      }
      if (call.gelu && k + depth == call.in_features)
        gelu_panel(y, call.out_features, call.rows, columns);
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
