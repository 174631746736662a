#include "kernels/packed_matrix.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sciexam::inline kernels {
namespace {

constexpr std::int64_t kInt8Group = 4, kPair = 2;

std::int64_t round_up(std::int64_t x, std::int64_t step) {
  return (x + step - 1) / step * step;
}

const char* name_of(StoredWeights stored) {
  return std::array{"f32", "f16", "bf16", "int8"}.at(static_cast<std::size_t>(stored));
}

} // namespace

PackedMatrix::PackedMatrix(std::int64_t in_features, std::int64_t out_features, StoredWeights stored,
                           const KernelTable& kernels)
    : kernels_(&kernels), in_features_(in_features), out_features_(out_features), stored_(stored) {
  const std::int64_t all_columns = round_up(out_features, kernels.panel_columns);
  bias_ = AlignedFloats::zeros(all_columns);
  if (stored == StoredWeights::int8) {
    if (in_features > kMaxInt8Features)
      throw InternalError("an int8 product over " + std::to_string(in_features) + " features");
    weight_ = AlignedFloats::zeros(all_columns * round_up(in_features, kInt8Group) / kInt8Group);
    int8_scales_ = AlignedFloats::zeros(all_columns);
    int8_surplus_.resize(static_cast<std::size_t>(all_columns));
    input_factors_ = AlignedFloats(in_features);
    std::fill_n(input_factors_.data(), in_features, 1.0F);
  } else {
    weight_ = AlignedFloats::zeros(stored == StoredWeights::f32 ? all_columns * in_features
                                                                : all_columns * round_up(in_features, kPair) / kPair);
  }
}

/// Row by row: a panel is small enough to stay in the second-level cache until all its rows are placed. kGroup features
/// of a column are adjacent.
template <std::int64_t kGroup, class To, class Weight>
void PackedMatrix::place_each(std::int64_t first, std::int64_t count, To* to, Weight weight) {
  const std::int64_t columns = kernels_->panel_columns, of_panel = round_up(in_features_, kGroup) * columns;
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t row = (first + i) / in_features_, begin = (first + i) % in_features_,
                       of_row = std::min(in_features_ - begin, count - i);
    To* column = to + row / columns * of_panel + row % columns * kGroup;
    for (std::int64_t k = begin; k < begin + of_row; ++k, ++i)
      column[k / kGroup * kGroup * columns + k % kGroup] = weight(i);
  }
}

void PackedMatrix::require(bool right, const char* given) const {
  if (!right)
    throw InternalError(std::string(given) + " weights for a matrix that is stored as " + name_of(stored_));
}

void PackedMatrix::place(std::int64_t first, std::span<const float> weights) {
  require(stored_ == StoredWeights::f32, "f32");
  place_each<1>(first, static_cast<std::int64_t>(weights.size()), weight_.data(),
                [&](std::int64_t i) { return weights[static_cast<std::size_t>(i)]; });
}

void PackedMatrix::place_halves(std::int64_t first, std::span<const std::byte> weights) {
  require(stored_ == StoredWeights::f16 || stored_ == StoredWeights::bf16, "16-bit");
  const auto count = static_cast<std::int64_t>(weights.size() / sizeof(std::uint16_t));
  const auto half_at = [&](std::int64_t i) {
    std::uint16_t half = 0; // perhaps at an odd address
    std::memcpy(&half, weights.data() + static_cast<std::size_t>(i) * sizeof half, sizeof half);
    return half;
  };
  if (stored_ == StoredWeights::f16)
    place_each<1>(first, count, halves(), half_at);
  else
    place_each<kPair>(first, count, halves(), half_at);
}

void PackedMatrix::place_int8(std::int64_t first, std::span<const std::byte> weights) {
  require(stored_ == StoredWeights::int8, "int8");
  place_each<kInt8Group>(first, static_cast<std::int64_t>(weights.size()), bytes(), [&](std::int64_t i) {
    return static_cast<std::int8_t>(weights[static_cast<std::size_t>(i)]);
  });
}

void PackedMatrix::complete() {
  if (stored_ != StoredWeights::int8)
    return;
  const std::int64_t columns = kernels_->panel_columns, of_panel = round_up(in_features_, kInt8Group) * columns;
  for (std::size_t o = 0; o < int8_surplus_.size(); ++o) {
    const auto output = static_cast<std::int64_t>(o);
    const std::int8_t* column = bytes() + output / columns * of_panel + output % columns * kInt8Group;
    std::int32_t sum = 0;
    for (std::int64_t k = 0; k < in_features_; ++k)
      sum += column[k / kInt8Group * kInt8Group * columns + k % kInt8Group];
    int8_surplus_[o] = 128 * sum;
  }
}

DenseRows PackedMatrix::call() const noexcept {
  DenseRows call;
  call.in_features = in_features_;
  call.out_features = out_features_;
  call.weight.stored = stored_;
  switch (stored_) {
  case StoredWeights::f32:
    call.weight.f32 = weight_.data();
    break;
  case StoredWeights::f16:
    call.weight.f16 = halves();
    break;
  case StoredWeights::bf16:
    call.weight.bf16 = reinterpret_cast<const std::int32_t*>(weight_.data());
    break;
  case StoredWeights::int8:
    call.weight.int8 = bytes();
    call.int8_scales = {int8_scales_.data(), int8_surplus_.data(), input_factors_.data()};
    break;
  }
  call.bias = bias_.data();
  return call;
}

} // namespace sciexam::inline kernels
