// The weights of a dense layer in the order in which the kernels read them: put there once, when they are loaded.
#pragma once

#include "kernels/aligned_floats.hpp"
#include "kernels/kernel_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline kernels {

/// Sums of more products of int8 numbers might not fit into 32 bits: 128 * 255 * 65,536 < 2^31.
inline constexpr std::int64_t kMaxInt8Features = 65536;

class PackedMatrix {
public:
  PackedMatrix() = default;
  /// All zeros; factors of inputs are ones. Throws std::bad_alloc.
  PackedMatrix(std::int64_t in_features, std::int64_t out_features, StoredWeights stored,
               const KernelTable& kernels = kernel_table());

  /// Those for which it is packed.
  const KernelTable& kernels() const noexcept { return *kernels_; }
  StoredWeights stored() const noexcept { return stored_; }

  std::int64_t in_features() const noexcept { return in_features_; }
  std::int64_t out_features() const noexcept { return out_features_; }

  /// Elements first .. of weight [out_features, in_features], row-major. Several threads may place different ones.
  void place(std::int64_t first, std::span<const float> weights);
  /// The same from f16 or bf16 numbers, where they are stored so.
  void place_halves(std::int64_t first, std::span<const std::byte> weights);
  /// The same of int8 numbers.
  void place_int8(std::int64_t first, std::span<const std::byte> weights);
  /// [out_features], to be written.
  float* bias() noexcept { return bias_.data(); }
  /// For int8 weights (Int8Scales): the factors of outputs, [out_features], and of inputs before they are rounded,
  /// [in_features]; to be written.
  float* int8_scales() noexcept { return int8_scales_.data(); }
  float* input_factors() noexcept { return input_factors_.data(); }
  /// To be called once everything is placed.
  void complete();

  /// A call with this matrix; the caller fills in x, y, their strides, rows and scratch.
  DenseRows call() const noexcept;

private:
  template <std::int64_t kGroup, class To, class Weight>
  void place_each(std::int64_t first, std::int64_t count, To* to, Weight weight);
  void require(bool right, const char* given) const;
  std::uint16_t* halves() const noexcept { return reinterpret_cast<std::uint16_t*>(weight_.data()); }
  std::int8_t* bytes() const noexcept { return reinterpret_cast<std::int8_t*>(weight_.data()); }

  const KernelTable* kernels_ = nullptr;
  std::int64_t in_features_ = 0, out_features_ = 0;
  StoredWeights stored_ = StoredWeights::f32;
  AlignedFloats weight_, bias_, int8_scales_, input_factors_;
  std::vector<std::int32_t> int8_surplus_;
};

} // namespace sciexam::inline kernels
