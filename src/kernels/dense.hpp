// Dense layers of whole batches on packed weights.
#pragma once

#include "kernels/packed_matrix.hpp"
#include "kernels/workers.hpp"
#include "kernels/workspace.hpp"

#include <cstdint>

namespace sciexam::inline kernels {

/// Fewer rows per worker take just as long: reading the weights from memory then dominates.
inline constexpr std::int64_t kEfficientRows = 96;

/// Floats from one row of `features` to the next such that a kernel's tile of them does not collide in the first-level
/// cache, as rows a power of two apart do. (Measured on Zen 4: int8 products into such rows take 2 % less time.)
std::int64_t spread_stride(std::int64_t features);

/// y = x weight^T + bias, then GELU if asked for; x [rows, in_features], y [rows, out_features]. The bits of a row
/// depend neither on the other rows nor on the workers. Throws std::bad_alloc.
void dense(const PackedMatrix& matrix, const float* x, std::int64_t rows, bool gelu, float* y, const Workers& workers,
           Workspace& workspace);
/// Without GELU, into rows y_stride apart.
void dense_spread(const PackedMatrix& matrix, const float* x, std::int64_t rows, float* y, std::int64_t y_stride,
                  const Workers& workers, Workspace& workspace);
/// Only the first `out_features`, without GELU; y [rows, out_features].
void dense_part(const PackedMatrix& matrix, std::int64_t out_features, const float* x, std::int64_t rows, float* y,
                const Workers& workers, Workspace& workspace);

/// Weights of a layer normalisation, borrowed.
struct NormWeights {
  const float *weight = nullptr, *bias = nullptr;
  float eps = 0;
};

/// What a layer does after attention.
struct LayerTail {
  const PackedMatrix *attention_output = nullptr, *intermediate = nullptr, *output = nullptr;
  NormWeights attention_norm, output_norm;
};

/// attended = norm(context W_attention + hidden); y = norm(gelu(attended W_intermediate) W_output + attended), all for
/// a few rows at a time, so that nothing of size [rows, intermediate_size] is in memory. context, hidden and y [rows,
/// hidden_size]; y may be context.
void finish_layer(const LayerTail& tail, const float* context, const float* hidden, std::int64_t rows, float* y,
                  const Workers& workers, Workspace& workspace);

} // namespace sciexam::inline kernels
