// The weights of a dense layer in the order in which the kernels read them: put there once, when they are loaded.
#pragma once

#include "kernels/aligned_floats.hpp"
#include "kernels/kernel_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sciexam {

/// How packed weights are stored. Products are of f32 numbers either way: f16 takes half the memory.
enum class StoredWeights { f32, f16 };

class PackedMatrix {
public:
  PackedMatrix() = default;
  /// All zeros. Throws std::bad_alloc.
  PackedMatrix(std::int64_t in_features, std::int64_t out_features, StoredWeights stored,
               const KernelTable& kernels = kernel_table());

  /// Those for which it is packed.
  const KernelTable& kernels() const noexcept { return *kernels_; }
  StoredWeights stored() const noexcept { return stored_; }

  std::int64_t in_features() const noexcept { return in_features_; }
  std::int64_t out_features() const noexcept { return out_features_; }

  /// Elements first .. of weight [out_features, in_features], row-major. Several threads may place different ones.
  void place(std::int64_t first, std::span<const float> weights);
  /// The same from the bytes of f16 numbers, where they are stored so.
  void place_halves(std::int64_t first, std::span<const std::byte> weights);
  /// [out_features], to be written.
  float* bias() noexcept { return bias_.data(); }

  /// What the kernel needs to know of this matrix; the rest is for the caller to fill in.
  DenseRows call() const noexcept;

private:
  template <class To, class Weight>
  void place_each(std::int64_t first, std::int64_t count, To* to, Weight weight);
  std::uint16_t* halves() const noexcept { return reinterpret_cast<std::uint16_t*>(weight_.data()); }

  const KernelTable* kernels_ = nullptr;
  std::int64_t in_features_ = 0, out_features_ = 0;
  StoredWeights stored_ = StoredWeights::f32;
  AlignedFloats weight_, bias_;
};

} // namespace sciexam
