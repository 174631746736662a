// Tiles and panels of which only some rows and columns exist.
#pragma once

#include "kernels/per_isa/functions.hpp"

namespace sciexam::per_isa {
namespace {

/// Calls multiply(c, stride) with a whole tile: that at `c` if all of it is there, else a copy whose `rows` x `columns`
/// corner is copied back.
template <class Multiply>
inline void with_whole_tile(float* c, std::int64_t c_stride, std::int64_t rows, std::int64_t columns,
                            const Multiply& multiply) {
  if (rows == kTileRows && columns == kPanelColumns)
    return multiply(c, c_stride);
  float whole[kTileRows * kPanelColumns] = {};
  for (std::int64_t r = 0; r < rows; ++r)
    __builtin_memcpy(whole + r * kPanelColumns, c + r * c_stride, static_cast<std::uint64_t>(columns) * sizeof(float));
  multiply(whole, kPanelColumns);
  for (std::int64_t r = 0; r < rows; ++r)
    __builtin_memcpy(c + r * c_stride, whole + r * kPanelColumns, static_cast<std::uint64_t>(columns) * sizeof(float));
}

/// Every vector of a panel becomes change(row, column, vector).
template <class Change>
inline void change_panel(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns, const Change& change) {
  for (std::int64_t r = 0; r < rows; ++r, y += stride) {
    std::int64_t x = 0;
    for (; x + kLanes <= columns; x += kLanes)
      store(y + x, change(r, x, load(y + x)));
    if (x == columns)
      continue;
    float rest[kLanes] = {};
    const auto bytes = static_cast<std::uint64_t>(columns - x) * sizeof(float);
    __builtin_memcpy(rest, y + x, bytes);
    store(rest, change(r, x, load(rest)));
    __builtin_memcpy(y + x, rest, bytes);
  }
}

} // namespace
} // namespace sciexam::per_isa
