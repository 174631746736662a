// Dense layers on packed weights.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/dense_bytes.hpp"
#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::per_isa {
namespace {

/// Room for a panel and the rows of kDepth elements; of bytes, for the rows and their scales, as many as the last
/// tile's interleave() writes beyond it at the least.
std::int64_t dense_scratch(std::int64_t rows) {
  return (round_up(rows, kTileRows) + kPanelColumns) * kDepth + round_up(rows, kLanes);
}

/// Weights as f32: `depth` rows of a panel.
inline void widen(const std::uint16_t* panel, std::int64_t depth, float* floats) {
  for (std::int64_t i = 0; i < depth * kPanelColumns; i += kLanes)
    store(floats + i, load_half(panel + i));
}

/// Pairs of bf16 from `count` floats; up to a whole vector of floats zeros follow.
inline void round_to_pairs(const float* x, std::int64_t count, std::int32_t* pairs) {
  using Halves = std::uint16_t __attribute__((vector_size(2 * kLanes)));
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Halves rounded = __builtin_convertvector(to_bf16(load_some(x + i, count - i)), Halves);
    __builtin_memcpy(pairs + i / 2, &rounded, sizeof rounded);
  }
}

/// Products of floats, by weights that are stored as f32 or f16. `room` is for a panel, or for a tile's rows.
struct Floats {
  using Element = float;
  static constexpr std::int64_t kFeatures = 1; // of an element
  static const float* row(const float* x, std::int64_t, float*) { return x; }
  static const float* panel(const DenseRows& call, std::int64_t begin, std::int64_t depth, float* room) {
    if (call.half_weight == nullptr)
      return call.weight + begin;
    widen(call.half_weight + begin, depth, room);
    return room;
  }
};

/// Products of bf16.
struct Bf16Pairs {
  using Element = std::int32_t;
  static constexpr std::int64_t kFeatures = 2;
  static const std::int32_t* row(const float* x, std::int64_t count, std::int32_t* room) {
    round_to_pairs(x, count, room);
    return room;
  }
  static const std::int32_t* panel(const DenseRows& call, std::int64_t begin, std::int64_t, std::int32_t*) {
    return call.pair_weight + begin;
  }
};

/// A tile's rows as [depth][kTileRows], eight elements of eight rows at a time. What that writes beyond a tile's rows
/// is written over: by the first eight rows, which come last, by the elements that follow, and by the next tile.
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

/// Rows in tiles, [tile][depth][kTileRows] elements from the k-th on; those that are missing in the last one are zeros.
template <class Numbers, class Element>
inline void pack_rows(const DenseRows& call, std::int64_t k, std::int64_t depth, Element* room, Element* packed) {
  const std::int64_t begin = k * Numbers::kFeatures,
                     count = smaller(depth * Numbers::kFeatures, call.in_features - begin);
  for (std::int64_t first = 0; first < call.rows; first += kTileRows, packed += depth * kTileRows) {
    const Element* rows[kTileRows];
    for (std::int64_t r = 0; r < kTileRows; ++r) {
      Element* own = room + r * kDepth;
      if (first + r < call.rows) {
        rows[r] = Numbers::row(call.x + (first + r) * call.in_features + begin, count, own);
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
  for (std::int64_t k = 0; k < elements; k += kDepth) {
    const std::int64_t depth = smaller(kDepth, elements - k);
    pack_rows<Numbers>(call, k, depth, room, rows_packed);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const auto* panel = Numbers::panel(call, column * elements + k * kPanelColumns, depth, room);
      const float* bias = call.bias + column;
      const std::int64_t columns = smaller(kPanelColumns, call.out_features - column);
      float* y = call.y + column;
      for (std::int64_t row = 0; row < call.rows; row += kTileRows) {
        const auto* a = rows_packed + row * depth;
        float* c = y + row * call.out_features;
        const std::int64_t rows = smaller(kTileRows, call.rows - row);
        with_whole_tile(c, call.out_features, rows, columns, [&](float* whole, std::int64_t stride) {
          if (k == 0)
            tile<2, Start::bias, Source::memory>(a, kTileRows, panel, kPanelColumns, depth, bias, whole, stride);
          else
            tile<2, Start::result, Source::memory>(a, kTileRows, panel, kPanelColumns, depth, nullptr, whole, stride);
        });
      }
      if (call.gelu && k + depth == elements)
        change_panel(y, call.out_features, call.rows, columns,
                     [](std::int64_t, std::int64_t, Vector x) { return gelu(x); });
    }
  }
}

void dense(const DenseRows& call) {
  if (call.byte_weight != nullptr)
    dense_bytes(call);
  else if (call.pair_weight != nullptr)
    dense_of<Bf16Pairs>(call);
  else
    dense_of<Floats>(call);
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
