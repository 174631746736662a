// Matrix products. Sums run in f32 over k in ascending steps of 8 or 16, whatever the tile's shape: a result does not
// depend on it.
#pragma once

#include "arguments.hpp"
#include "intrinsics.cuh"

using sciexam::Product;

/// x / 2 (1 + erf(x / sqrt 2)); erf after Abramowitz and Stegun 7.1.26, whose error of 1.5e-7 is far below f16's step.
DEVICE float gelu(float x) {
  const float z = __builtin_fabsf(x) * 0.70710678F, t = reciprocal(__builtin_fmaf(0.3275911F, z, 1.0F));
  float series = __builtin_fmaf(1.061405429F, t, -1.453152027F);
  series = __builtin_fmaf(series, t, 1.421413741F);
  series = __builtin_fmaf(series, t, -0.284496736F);
  series = __builtin_fmaf(series, t, 0.254829592F) * t;
  const float upper = 0.5F * series * exp2_approx(-z * z * kLog2e); // the tail beyond |x|
  return x * (x < 0 ? upper : 1.0F - upper);
}

/// One block computes kRows x kColumns of y; its warps, kWarpRows x kWarpColumns each. Sixteen bytes of a row are one
/// chunk; a stage in shared memory holds kDepth elements of each row of x and w, its chunks swizzled so that eight
/// rows' chunks of one column lie in different banks.
template <int kRows, int kColumns, int kWarpRows, int kWarpColumns>
struct Gemm {
  static constexpr int kDepth = 32, kChunks = kDepth / 8;
  static constexpr int kThreads = kRows / kWarpRows * (kColumns / kWarpColumns) * kWarp;
  static constexpr int kRowsATime = kThreads / kChunks;
  static constexpr int kStageBytes = (kRows + kColumns) * kDepth * 2;
#if __CUDA_ARCH__ >= 800
  static constexpr int kStages = 3;
#else
  static constexpr int kStages = 2;
#endif
  static constexpr int kTilesDown = kWarpRows / 16, kTilesAcross = kWarpColumns / 8;
  static_assert(kRows % kRowsATime == 0 && kColumns % kRowsATime == 0 && kTilesAcross % 2 == 0);

  static constexpr int kRowBytes = kDepth * 2;
  /// Where a chunk lies; that of `row` + 8 lies 8 * kRowBytes further.
  static METHOD unsigned place(int row, int chunk) {
    return row * kRowBytes + ((chunk ^ (row / 2 % kChunks)) * 16);
  }

  /// This thread's part of copying a stage: chunk `chunk` of every kRowsATime-th row.
  struct Copier {
    const Product& p;
    unsigned x, w;           ///< offsets, of at most 2^32 elements
    int rows, columns, left; ///< rows, columns and elements left, from this thread's first on
    unsigned to;             ///< the first chunk's place

    METHOD Copier(const Product& product, int first_row, int first_column) : p(product) {
      const int row = thread() / kChunks, chunk = thread() % kChunks;
      x = (first_row + row) * p.x_stride + chunk * 8;
      w = (first_column + row) * p.k + chunk * 8;
      rows = p.m - first_row - row;
      columns = p.n - first_column - row;
      left = p.k - chunk * 8;
      to = place(row, chunk);
    }

    /// Calls visit(number, address of the source, whether it is there, offset in the stage) for each chunk.
    template <class Visit>
    METHOD void each(Visit visit) const {
#pragma unroll
      for (int i = 0; i < kRows / kRowsATime; ++i)
        visit(i, p.x + (x + i * kRowsATime * p.x_stride), left > 0 && i * kRowsATime < rows,
              to + i * kRowsATime * kRowBytes);
#pragma unroll
      for (int i = 0; i < kColumns / kRowsATime; ++i)
        visit(kRows / kRowsATime + i, p.w + (w + i * kRowsATime * p.k), left > 0 && i * kRowsATime < columns,
              to + (kRows + i * kRowsATime) * kRowBytes);
    }

    METHOD void advance() {
      x += kDepth;
      w += kDepth;
      left -= kDepth;
    }
  };

  Tile sums[kTilesDown][kTilesAcross];
  int warp_row, warp_column;

  METHOD void multiply_stage(unsigned stage) {
    const unsigned x = stage + warp_row * kRowBytes + place(lane() % 16, lane() / 16);
    const unsigned w = stage + (kRows + warp_column) * kRowBytes + place(lane() % 8 + lane() / 16 * 8, lane() / 8 % 2);
#pragma unroll
    for (int step = 0; step < kDepth / 16; ++step) { // two chunks further each: one bit of the place
      uint4v a[kTilesDown];
#pragma unroll
      for (int i = 0; i < kTilesDown; ++i)
        a[i] = load_matrices((x ^ (step * 32)) + i * 16 * kRowBytes);
#pragma unroll
      for (int j = 0; j < kTilesAcross; j += 2) {
        const uint4v b = load_matrices((w ^ (step * 32)) + j * 8 * kRowBytes);
#pragma unroll
        for (int i = 0; i < kTilesDown; ++i) {
          multiply_add(sums[i][j], a[i], b.xy);
          multiply_add(sums[i][j + 1], a[i], b.zw);
        }
      }
    }
  }

#if __CUDA_ARCH__ >= 800
  METHOD void multiply(Copier& copier, char* stages) {
    const unsigned base = shared_address(stages);
    const auto start = [&](int stage) {
      copier.each([&](int, const half* from, bool there, unsigned offset) {
        copy_async(base + stage * kStageBytes + offset, there ? from : copier.p.w, there);
      });
      copier.advance();
      commit_copies();
    };
    for (int i = 0; i < kStages - 1; ++i)
      start(i);
    int stage = 0;
    for (int depth = 0; depth < copier.p.k; depth += kDepth) {
      wait_for_copies<kStages - 2>();
      block_barrier(); // all threads have this stage, and the one before is no longer read
      start(stage == 0 ? kStages - 1 : stage - 1);
      multiply_stage(base + stage * kStageBytes);
      stage = stage == kStages - 1 ? 0 : stage + 1;
    }
    wait_for_copies<0>();
  }
#else
  METHOD void multiply(Copier& copier, char* stages) {
    uint4v ahead[(kRows + kColumns) / kRowsATime];
    const auto load = [&] {
      copier.each([&](int i, const half* from, bool there, unsigned) {
        ahead[i] = there ? *reinterpret_cast<const uint4v*>(from) : uint4v{0, 0, 0, 0};
      });
      copier.advance();
    };
    const auto store = [&](int stage) {
      copier.each([&](int i, const half*, bool, unsigned offset) {
        *reinterpret_cast<uint4v*>(stages + stage * kStageBytes + offset) = ahead[i];
      });
    };
    load();
    store(0);
    block_barrier();
    int stage = 0;
    for (int depth = kDepth; depth < copier.p.k; depth += kDepth) {
      load();
      multiply_stage(shared_address(stages) + stage * kStageBytes);
      stage ^= 1;
      store(stage); // no longer read: all threads are past the last barrier
      block_barrier();
    }
    multiply_stage(shared_address(stages) + stage * kStageBytes);
  }
#endif

  METHOD void finish(const Product& p, int first_row, int first_column) {
#pragma unroll
    for (int j = 0; j < kTilesAcross; ++j) {
      const int column = first_column + warp_column + j * 8 + lane() % 4 * 2;
      if (column >= p.n)
        continue;
      const float2v bias = *reinterpret_cast<const float2v*>(p.bias + column);
#pragma unroll
      for (int i = 0; i < kTilesDown * 2; ++i) {
        const int row = first_row + warp_row + i * 8 + lane() / 4;
        if (row >= p.m)
          continue;
        float2v y = {sums[i / 2][j].at[i % 2 * 2] + bias.x, sums[i / 2][j].at[i % 2 * 2 + 1] + bias.y};
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
    SHARED static char stages[kStages * kStageBytes] __attribute__((aligned(16)));
    Gemm gemm;
    const int warp = thread() / kWarp, across = kColumns / kWarpColumns;
    gemm.warp_row = warp / across * kWarpRows;
    gemm.warp_column = warp % across * kWarpColumns;
#pragma unroll
    for (auto& row : gemm.sums)
#pragma unroll
      for (auto& tile : row)
        tile = {};
    const int first_row = block_y() * kRows, first_column = block_x() * kColumns;
    Copier copier(p, first_row, first_column);
    gemm.multiply(copier, stages);
    gemm.finish(p, first_row, first_column);
  }
};

#define GEMM_KERNEL(name, blocks, ...)                                                                                 \
  KERNEL((Gemm<__VA_ARGS__>::kThreads), blocks) name(Product p) {                                                      \
    Gemm<__VA_ARGS__>::run(p);                                                                                         \
  }
GEMM_KERNEL(gemm_128x128, 2, 128, 128, 64, 32)
GEMM_KERNEL(gemm_64x128, 3, 64, 128, 32, 64)
GEMM_KERNEL(gemm_64x64, 4, 64, 64, 32, 32)
