// Reproducible dropout: a mask depends only on the seed, the pass and its place in the network, not on threads or on
// what was drawn before.
#pragma once

#include "kernels/dropout_mask.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// The masks of one forward pass.
class Dropout {
public:
  /// `step` is the optimiser step, `pass` the forward pass within it.
  Dropout(std::uint64_t seed, std::uint32_t step, std::uint32_t pass) : seed_(seed), step_(step), pass_(pass) {}

  /// The random words of one place; `layer` counts from 0 and is 0 outside the layers.
  RandomStream stream(DropoutSite site, std::int64_t layer = 0) const;
  /// x with each element zeroed with `probability`, the others divided by 1 - probability. Differentiable.
  at::Tensor operator()(const at::Tensor& x, double probability, DropoutSite site, std::int64_t layer = 0) const;

private:
  std::uint64_t seed_;
  std::uint32_t step_, pass_;
};

/// Dropout of one tensor, without gradient. `first` is the mask's first element; off the CPU only its group of words
/// counts.
at::Tensor drop(const at::Tensor& x, double probability, const RandomStream& stream, std::uint64_t first = 0);

} // namespace sciexam::inline model
