// Matrix products of answering, and what follows them.
#pragma once

#include "arguments.hpp"
#include "gelu.cuh"
#include "gemm_tiles.cuh"

using sciexam::Product;

template <int kRows, int kColumns, int kWarpRows, int kWarpColumns>
struct Gemm : Tiles<kRows, kColumns, kWarpRows, kWarpColumns, false, false> {
  using Base = Tiles<kRows, kColumns, kWarpRows, kWarpColumns, false, false>;

  METHOD void finish(const Product& p) const {
#pragma unroll
    for (int j = 0; j < Base::kTilesAcross; ++j) {
      const int column = this->column_of(j);
      if (column >= p.n)
        continue;
      const float2v bias = *reinterpret_cast<const float2v*>(p.bias + column);
#pragma unroll
      for (int i = 0; i < Base::kTilesDown * 2; ++i) {
        const int row = this->row_of(i);
        if (row >= p.m)
          continue;
        float2v y = this->pair(i, j) + bias;
        const long long at = static_cast<long long>(row) * p.y_stride + column;
        if (p.gelu)
          y = {gelu(y.x), gelu(y.y)};
        if (p.residual != nullptr) {
          y += unpack(*reinterpret_cast<const unsigned*>(p.residual + at));
          if (p.rest != 0)
            y += unpack(*reinterpret_cast<const unsigned*>(p.residual + at + p.rest));
        }
        store_pair(p.y + at, y, p.rest);
      }
    }
  }

  /// Grid: [tiles of columns, tiles of rows].
  static METHOD void run(const Product& p) {
    SHARED static char stages[Base::kSharedBytes] __attribute__((aligned(256)));
    Gemm gemm;
    gemm.multiply({p.x, p.w, p.x_stride, p.k, p.m, p.n, p.k}, stages);
    gemm.finish(p);
  }
};

#define GEMM_KERNEL(name, blocks, ...)                                                                                 \
  KERNEL((Gemm<__VA_ARGS__>::kThreads), blocks) name(Product p) {                                                      \
    Gemm<__VA_ARGS__>::run(p);                                                                                         \
  }
GEMM_KERNEL(gemm_128x128, 2, 128, 128, 64, 32)
GEMM_KERNEL(gemm_64x128, 3, 64, 128, 32, 64)
GEMM_KERNEL(gemm_64x64, 4, 64, 64, 32, 32)
