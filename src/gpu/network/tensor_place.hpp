// Where a parameter's elements lie on the device: heads and embeddings are padded there.
#pragma once

#include <cstdint>

namespace sciexam::inline gpu {

/// A parameter [rows, columns]. Groups of rows or columns (heads) may be further apart on the device.
struct TensorPlace {
  std::uint64_t rows = 1, columns = 1;
  std::uint64_t row_group = 0, row_pitch = 0, column_group = 0, column_pitch = 0; ///< group 0: contiguous
  std::uint64_t copies = 1;                                                       ///< of each row, one after the other

  /// Elements between copies.
  std::uint64_t stride() const { return column_group == 0 ? columns : columns / column_group * column_pitch; }
  /// The place of an element of the parameter, in elements from where it begins.
  std::uint64_t place(std::uint64_t element) const;
  /// Elements from `element` on that are contiguous there too.
  std::uint64_t run(std::uint64_t element) const;
  std::uint64_t elements() const { return rows * columns; }
};

} // namespace sciexam::inline gpu
