// The weights of a dense layer in the order in which the kernels read them: packed once, when they are loaded.
#pragma once

#include "kernels/aligned_floats.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/workers.hpp"

#include <cstdint>

namespace sciexam {

class PackedMatrix {
public:
  PackedMatrix() = default;
  /// From weight [out_features, in_features] and bias [out_features] or null. Throws std::bad_alloc.
  PackedMatrix(std::int64_t in_features, std::int64_t out_features, const float* weight, const float* bias,
               const Workers& workers, const KernelTable& kernels = kernel_table());

  /// Those for which it is packed.
  const KernelTable& kernels() const noexcept { return *kernels_; }

  std::int64_t in_features() const noexcept { return in_features_; }
  std::int64_t out_features() const noexcept { return out_features_; }

  /// What the kernel needs to know of this matrix; the rest is for the caller to fill in.
  DenseRows call() const noexcept;

private:
  const KernelTable* kernels_ = nullptr;
  std::int64_t in_features_ = 0, out_features_ = 0;
  AlignedFloats weight_, bias_;
};

} // namespace sciexam
