#include "gpu/network/tensor_place.hpp"

namespace sciexam::inline gpu {

std::uint64_t TensorPlace::place(std::uint64_t element) const {
  const auto spread = [](std::uint64_t i, std::uint64_t group, std::uint64_t pitch) {
    return group == 0 ? i : i / group * pitch + i % group;
  };
  return spread(element / columns, row_group, row_pitch) * copies * stride() +
         spread(element % columns, column_group, column_pitch);
}

std::uint64_t TensorPlace::run(std::uint64_t element) const {
  if (column_group != column_pitch)
    return column_group - element % columns % column_group;
  if (copies > 1)
    return columns - element % columns;
  if (row_group != row_pitch)
    return row_group * columns - element % (row_group * columns);
  return elements() - element;
}

} // namespace sciexam::inline gpu
