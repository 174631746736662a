// Where a parameter's elements are put when weights are loaded.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "kernels/packed_matrix.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// A part of a packed dense layer: what belongs to its outputs from `first_row` on, or the factors of its inputs.
struct PackedRows {
  enum class Part { weight, bias, byte_scales, input_factors };
  PackedMatrix* matrix = nullptr;
  std::int64_t first_row = 0;
  Part part = Part::weight;
};

/// A tensor (f32, f64 or f16), or a part of a packed layer.
class WeightPlace {
public:
  WeightPlace(at::Tensor tensor) : tensor_(std::move(tensor)) {}
  WeightPlace(PackedRows rows) : rows_(rows) {}

  /// Converts and stores. Several threads may store different chunks.
  void store(const TensorChunk& chunk) const;

private:
  at::Tensor tensor_;
  PackedRows rows_;
};

} // namespace sciexam
