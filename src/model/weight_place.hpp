// Where a parameter's elements go when weights are loaded.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "kernels/packed_matrix.hpp"

#include <cstdint>
#include <utility>
#include <variant>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// Part of a packed dense layer: what belongs to its outputs from `first_row` on, or the factors of its inputs.
struct PackedRows {
  enum class Part { weight, bias, int8_scales, input_factors };
  PackedMatrix* matrix; ///< not null
  std::int64_t first_row;
  Part part;
};

/// A tensor (f32, f64 or f16), or part of a packed layer.
class WeightPlace {
public:
  WeightPlace(at::Tensor tensor) : place_(std::move(tensor)) {}
  WeightPlace(PackedRows rows) : place_(rows) {}

  /// Converts and stores. Several threads may store different chunks.
  void store(const TensorChunk& chunk) const;

private:
  std::variant<at::Tensor, PackedRows> place_;
};

} // namespace sciexam::inline model
