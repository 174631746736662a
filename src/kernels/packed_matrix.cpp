#include "kernels/packed_matrix.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cstring>

namespace sciexam {

PackedMatrix::PackedMatrix(std::int64_t in_features, std::int64_t out_features, StoredWeights stored,
                           const KernelTable& kernels)
    : kernels_(&kernels), in_features_(in_features), out_features_(out_features), stored_(stored) {
  const std::int64_t columns = kernels.panel_columns, all_columns = (out_features + columns - 1) / columns * columns,
                     elements = all_columns * in_features;
  weight_ = AlignedFloats::zeros(stored == StoredWeights::f16 ? (elements + 1) / 2 : elements);
  bias_ = AlignedFloats::zeros(all_columns);
}

/// Row by row: a panel's place is small enough to stay in the second cache until its rows are there.
template <class To, class Weight>
void PackedMatrix::place_each(std::int64_t first, std::int64_t count, To* to, Weight weight) {
  const std::int64_t columns = kernels_->panel_columns;
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t row = (first + i) / in_features_, k = (first + i) % in_features_,
                       of_row = std::min(in_features_ - k, count - i);
    To* column = to + row / columns * columns * in_features_ + k * columns + row % columns;
    for (std::int64_t end = i + of_row; i < end; ++i, column += columns)
      *column = weight(i);
  }
}

void PackedMatrix::place(std::int64_t first, std::span<const float> weights) {
  if (stored_ != StoredWeights::f32)
    throw InternalError("f32 weights for a matrix that is stored as f16");
  place_each(first, static_cast<std::int64_t>(weights.size()), weight_.data(),
             [&](std::int64_t i) { return weights[static_cast<std::size_t>(i)]; });
}

void PackedMatrix::place_halves(std::int64_t first, std::span<const std::byte> weights) {
  if (stored_ != StoredWeights::f16)
    throw InternalError("f16 weights for a matrix that is stored as f32");
  place_each(first, static_cast<std::int64_t>(weights.size() / sizeof(std::uint16_t)), halves(), [&](std::int64_t i) {
    std::uint16_t half = 0; // perhaps at an odd address
    std::memcpy(&half, weights.data() + static_cast<std::size_t>(i) * sizeof half, sizeof half);
    return half;
  });
}

DenseRows PackedMatrix::call() const noexcept {
  DenseRows call;
  call.in_features = in_features_;
  call.out_features = out_features_;
  if (stored_ == StoredWeights::f16)
    call.half_weight = halves();
  else
    call.weight = weight_.data();
  call.bias = bias_.data();
  return call;
}

} // namespace sciexam
