// Where a tile's results go: into rows far apart, only some of them in the last tile, optionally through a function.
#pragma once

#include "kernels/per_isa/functions.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// The part of a result that a tile computes: its rows x kPanelColumns, fewer at the edges.
struct Corner {
  float* at;
  std::int64_t stride, rows, columns;
  bool begun; ///< sums of earlier products are there already

  bool whole() const { return rows == kTileRows && columns == kPanelColumns; }
};

/// That of a dense layer's tile.
inline Corner corner(const DenseRows& call, std::int64_t row, std::int64_t column, bool begun) {
  return {call.y + row * call.y_stride + column, call.y_stride, smaller(kTileRows, call.rows - row),
          smaller(kPanelColumns, call.out_features - column), begun};
}

/// A whole tile becomes activation(of each of its vectors).
template <class Activation>
inline void activate_tile(float* c, std::int64_t stride, const Activation& activation) {
  for (std::int64_t r = 0; r < kTileRows; ++r, c += stride)
    for (std::int64_t x = 0; x < kPanelColumns; x += kLanes)
      store(c + x, activation(load(c + x)));
}

/// Calls multiply(c, stride) with a copy of a whole tile; every vector of it becomes finish(row, column, vector) on its
/// way to its place.
template <std::int64_t kRows = kTileRows, class Multiply, class Finish>
inline void finish_tile(const Corner& y, const Multiply& multiply, const Finish& finish) {
  alignas(64) float tile[kRows * kPanelColumns] = {};
  const auto columns = static_cast<std::uint64_t>(y.columns);
  for (std::int64_t r = 0; r < (y.begun ? y.rows : 0); ++r)
    __builtin_memcpy(tile + r * kPanelColumns, y.at + r * y.stride, columns * sizeof(float));
  multiply(tile, kPanelColumns);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    float* row = tile + r * kPanelColumns;
    for (std::int64_t x = 0; x < kPanelColumns; x += kLanes)
      store(row + x, finish(r, x, load(row + x)));
    __builtin_memcpy(y.at + r * y.stride, row, columns * sizeof(float));
  }
}

/// Calls multiply(c, stride) with a whole tile: the result's own if all of it is there, else a copy.
template <class Multiply>
inline void with_whole_tile(const Corner& y, const Multiply& multiply) {
  if (y.whole())
    return multiply(y.at, y.stride);
  finish_tile(y, multiply, [](std::int64_t, std::int64_t, Vector x) { return x; });
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
