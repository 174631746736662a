// Matrix products of training, for the grid's z-th of several alike (heads): forward (x w^T), for the gradients of
// inputs (x w: w's rows are the summands) and for those of weights (x^T w: rows of both are). What follows a product is
// done on the sums in registers, see TrainingProduct.
#pragma once

#include "arguments.hpp"
#include "gelu.cuh"
#include "gemm_tiles.cuh"

using sciexam::TrainingProduct;

template <int kRows, int kColumns, int kWarpRows, int kWarpColumns, bool kXAcross, bool kWAcross>
struct TrainingGemm {
  using Block = Tiles<kRows, kColumns, kWarpRows, kWarpColumns, kXAcross, kWAcross>;

  /// What dropout makes of the element of the product, an even one, and the next: factors.
  static METHOD float2v kept(const TrainingProduct& p, long long element) {
    const unsigned bits = p.mask[element / 32] >> (element % 32);
    return {(bits & 1) != 0 ? p.kept_scale : 0.0F, (bits & 2) != 0 ? p.kept_scale : 0.0F};
  }

  static METHOD void finish(const TrainingProduct& p, int row, int column, float2v y) {
    const long long at =
        static_cast<long long>(row) * p.y_stride + column + static_cast<long long>(block_z()) * p.y_batch;
    y *= p.scale;
    if (p.bias != nullptr)
      y += *reinterpret_cast<const float2v*>(p.bias + column);
    if (p.inner != nullptr) {
      const float2v inner = unpack(*reinterpret_cast<const unsigned*>(p.inner + at));
      y *= float2v{gelu_slope(inner.x), gelu_slope(inner.y)};
    }
    if (p.mask != nullptr)
      y *= kept(p, static_cast<long long>(row) * p.n + column);
    if (p.residual != nullptr)
      y += unpack(*reinterpret_cast<const unsigned*>(p.residual + at));
    if (p.wide_residual != nullptr)
      y += *reinterpret_cast<const float2v*>(p.wide_residual + at);
    if (p.sums != nullptr) {
      float2v* const sums = reinterpret_cast<float2v*>(p.sums + at);
      *sums = p.add_to_sums ? *sums + y : y;
      return;
    }
    const unsigned rounded = pack(y.x, y.y);
    *reinterpret_cast<unsigned*>(p.y + at) = rounded;
    if (p.activated != nullptr) { // of the number that the backward pass will see
      const float2v inner = unpack(rounded);
      store_pair(p.activated + at, float2v{gelu(inner.x), gelu(inner.y)});
    }
  }

  /// Grid: [tiles of columns, tiles of rows, batches].
  static METHOD void run(const TrainingProduct& p) {
    SHARED static char stages[Block::kSharedBytes] __attribute__((aligned(256)));
    Block block;
    const int batch = block_z();
    block.multiply({p.x, p.w, p.x_stride, p.w_stride, p.m, p.n, p.k, batch * p.x_batch, batch * p.w_batch}, stages);
    block.each_pair(p.m, p.n, [&](int row, int column, float2v y) { finish(p, row, column, y); });
  }
};

#define TRAINING_GEMM_KERNEL(name, blocks, ...)                                                                        \
  KERNEL((TrainingGemm<__VA_ARGS__>::Block::kThreads), blocks) name(TrainingProduct p) {                               \
    TrainingGemm<__VA_ARGS__>::run(p);                                                                                 \
  }
TRAINING_GEMM_KERNEL(forward_128x128, 2, 128, 128, 64, 32, false, false)
TRAINING_GEMM_KERNEL(forward_64x64, 4, 64, 64, 32, 32, false, false)
TRAINING_GEMM_KERNEL(input_gradient_128x128, 2, 128, 128, 64, 32, false, true)
TRAINING_GEMM_KERNEL(input_gradient_64x64, 4, 64, 64, 32, 32, false, true)
TRAINING_GEMM_KERNEL(weight_gradient_128x128, 2, 128, 128, 64, 32, true, true)
TRAINING_GEMM_KERNEL(weight_gradient_64x64, 4, 64, 64, 32, 32, true, true)
