// The tiles of matrix products: how both factors get from global memory into registers, and are multiplied. Sums run in
// f32 over k in ascending steps of 8 or 16, whatever the tile's shape: a result does not depend on it.
#pragma once

#include "intrinsics.cuh"

/// The factors of sums[row][column] = sum over k of x[row][k] w[column][k], in global memory.
struct Factors {
  const half *x, *w;
  int x_stride, w_stride;       ///< elements from row to row as they lie there; multiples of 8
  int m, n, k;                  ///< rows, columns, summands
  int x_first = 0, w_first = 0; ///< elements to the factors' first ones: a pointer of its own would take registers
};

constexpr int kDepth = 32;             ///< summands of a stage
constexpr int kChunks = kDepth / 8;    ///< sixteen bytes are one chunk
constexpr int kLineBytes = kDepth * 2; ///< of a row in a stage, where rows lie along k

/// One factor's part of a stage in shared memory: kCount rows of x (or w), kDepth summands of each.
///
/// Along: as a row lies in memory, so it lies in the stage, its chunks swizzled so that eight rows' chunks of one
/// column lie in different banks. Across (the factor is transposed: k counts the rows in memory): a line of the stage
/// is one k, with the chunks of all kCount rows, swizzled likewise; the matrices are transposed when they are loaded.
template <int kCount, bool kAcross, int kThreads>
struct Side {
  static constexpr int kLineChunks = kAcross ? kCount / 8 : kChunks;
  static constexpr int kLinesATime = kThreads / kLineChunks;
  static constexpr int kLines = kAcross ? kDepth : kCount;
  static constexpr int kCopies = kLines / kLinesATime; ///< chunks that a thread copies
  static constexpr int kBytes = kCount * kDepth * 2;
  static_assert(kLines % kLinesATime == 0);

  /// Where a chunk lies; along k, that of `line` + 8 lies 8 lines further.
  static METHOD unsigned place(int line, int chunk) {
    if (kAcross)
      return line * kLineChunks * 16 + ((chunk ^ (line % 8)) * 16);
    return line * kLineBytes + ((chunk ^ (line / 2 % kChunks)) * 16);
  }

  const half* from;
  unsigned at; ///< the offset of this thread's first chunk, of at most 2^32 elements
  int stride;
  int lines;   ///< left from this thread's first line on; across: 0 where its chunk is not one of the factor's
  int left;    ///< along: summands left from this thread's chunk on
  unsigned to; ///< its place

  METHOD Side(const half* factor, int skipped, int elements, int first, int count, int k)
      : from(factor), stride(elements) {
    const int line = thread() / kLineChunks, chunk = thread() % kLineChunks;
    to = place(line, chunk);
    if (kAcross) {
      at = skipped + line * stride + first + chunk * 8;
      lines = first + chunk * 8 < count ? k - line : 0;
      left = 1;
    } else {
      at = skipped + (first + line) * stride + chunk * 8;
      lines = count - first - line;
      left = k - chunk * 8;
    }
  }

  /// Calls visit(number, address of the source, whether it is there, offset in the side) for each of its chunks.
  template <class Visit>
  METHOD void each(Visit visit) const {
#pragma unroll
    for (int i = 0; i < kCopies; ++i)
      visit(i, from + (at + i * kLinesATime * stride), left > 0 && i * kLinesATime < lines,
            to + i * kLinesATime * kLineChunks * 16);
  }

  METHOD void advance() {
    if (kAcross) {
      at += kDepth * stride;
      lines -= kDepth;
    } else {
      at += kDepth;
      left -= kDepth;
    }
  }
};

/// One block computes kRows x kColumns sums; its warps, kWarpRows x kWarpColumns each.
template <int kRows, int kColumns, int kWarpRows, int kWarpColumns, bool kXAcross, bool kWAcross>
struct Tiles {
  static constexpr int kThreads = kRows / kWarpRows * (kColumns / kWarpColumns) * kWarp;
  static constexpr int kStageBytes = (kRows + kColumns) * kDepth * 2;
#if __CUDA_ARCH__ >= 800
  static constexpr int kStages = 3;
#else
  static constexpr int kStages = 2;
#endif
  static constexpr int kSharedBytes = kStages * kStageBytes;
  static constexpr int kTilesDown = kWarpRows / 16, kTilesAcross = kWarpColumns / 8;
  using X = Side<kRows, kXAcross, kThreads>;
  using W = Side<kColumns, kWAcross, kThreads>;
  static_assert(kTilesAcross % 2 == 0);

  Tile sums[kTilesDown][kTilesAcross];
  int first_row, first_column; ///< of the block
  int warp_row, warp_column;   ///< of the warp, in the block

  METHOD Tiles() {
    const unsigned warp = static_cast<unsigned>(thread()) / kWarp, across = kColumns / kWarpColumns;
    first_row = block_y() * kRows;
    first_column = block_x() * kColumns;
    warp_row = static_cast<int>(warp / across * kWarpRows);
    warp_column = static_cast<int>(warp % across * kWarpColumns);
#pragma unroll
    for (auto& row : sums)
#pragma unroll
      for (auto& tile : row)
        tile = {};
  }

  /// sixteen rows of x from the warp's i-th sixteen on, summands 16 * step and the next fifteen.
  METHOD uint4v rows_of_x(unsigned x, int i, int step) const {
    if (kXAcross)
      return load_transposed((x ^ (i * 32)) + step * 16 * X::kLineChunks * 16);
    return load_matrices((x ^ (step * 32)) + i * 16 * kLineBytes); // two chunks further each: one bit of the place
  }
  /// Sixteen rows of w likewise.
  METHOD uint4v rows_of_w(unsigned w, int j, int step) const {
    if (kWAcross)
      return load_transposed((w ^ (j * 16)) + step * 16 * W::kLineChunks * 16);
    return load_matrices((w ^ (step * 32)) + j * 8 * kLineBytes);
  }

  METHOD void multiply_stage(unsigned stage) {
    const unsigned x = stage + (kXAcross ? X::place(lane() % 8 + lane() / 16 * 8, warp_row / 8 + lane() / 8 % 2)
                                         : warp_row * kLineBytes + X::place(lane() % 16, lane() / 16));
    const unsigned w = stage + X::kBytes +
                       (kWAcross ? W::place(lane() % 16, warp_column / 8 + lane() / 16)
                                 : warp_column * kLineBytes + W::place(lane() % 8 + lane() / 16 * 8, lane() / 8 % 2));
#pragma unroll
    for (int step = 0; step < kDepth / 16; ++step) {
      uint4v a[kTilesDown];
#pragma unroll
      for (int i = 0; i < kTilesDown; ++i)
        a[i] = rows_of_x(x, i, step);
#pragma unroll
      for (int j = 0; j < kTilesAcross; j += 2) {
        const uint4v b = rows_of_w(w, j, step);
#pragma unroll
        for (int i = 0; i < kTilesDown; ++i) {
          multiply_add(sums[i][j], a[i], b.xy);
          multiply_add(sums[i][j + 1], a[i], b.zw);
        }
      }
    }
  }

  METHOD void multiply(const Factors& f, char* stages) {
    X x(f.x, f.x_first, f.x_stride, first_row, f.m, f.k);
    W w(f.w, f.w_first, f.w_stride, first_column, f.n, f.k);
#if __CUDA_ARCH__ >= 800
    const unsigned base = shared_address(stages);
    const auto start = [&](int stage) {
      const unsigned to = base + stage * kStageBytes;
      x.each([&](int, const half* from, bool there, unsigned offset) {
        copy_async(to + offset, there ? from : f.x, there);
      });
      w.each([&](int, const half* from, bool there, unsigned offset) {
        copy_async(to + X::kBytes + offset, there ? from : f.w, there);
      });
      x.advance();
      w.advance();
      commit_copies();
    };
    for (int i = 0; i < kStages - 1; ++i)
      start(i);
    int stage = 0;
    for (int depth = 0; depth < f.k; depth += kDepth) {
      wait_for_copies<kStages - 2>();
      block_barrier(); // all threads have this stage, and the one before is no longer read
      start(stage == 0 ? kStages - 1 : stage - 1);
      multiply_stage(base + stage * kStageBytes);
      stage = stage == kStages - 1 ? 0 : stage + 1;
    }
    wait_for_copies<0>();
#else
    uint4v ahead[X::kCopies + W::kCopies];
    const auto load = [&] {
      const auto take = [&](int first) {
        return [&, first](int i, const half* from, bool there, unsigned) {
          ahead[first + i] = there ? *reinterpret_cast<const uint4v*>(from) : uint4v{0, 0, 0, 0};
        };
      };
      x.each(take(0));
      w.each(take(X::kCopies));
      x.advance();
      w.advance();
    };
    const auto store = [&](int stage) {
      char* const to = stages + stage * kStageBytes;
      x.each([&](int i, const half*, bool, unsigned offset) { *reinterpret_cast<uint4v*>(to + offset) = ahead[i]; });
      w.each([&](int i, const half*, bool, unsigned offset) {
        *reinterpret_cast<uint4v*>(to + X::kBytes + offset) = ahead[X::kCopies + i];
      });
    };
    load();
    store(0);
    block_barrier();
    int stage = 0;
    for (int depth = kDepth; depth < f.k; depth += kDepth) {
      load();
      multiply_stage(shared_address(stages) + stage * kStageBytes);
      stage ^= 1;
      store(stage); // no longer read: all threads are past the last barrier
      block_barrier();
    }
    multiply_stage(shared_address(stages) + stage * kStageBytes);
#endif
  }

  /// Of the j-th tile across: the first of this thread's two columns. Of the i-th half of a tile down: its row.
  METHOD int column_of(int j) const {
    return first_column + warp_column + j * 8 + lane() % 4 * 2;
  }
  METHOD int row_of(int i) const {
    return first_row + warp_row + i * 8 + lane() / 4;
  }
  METHOD float2v pair(int i, int j) const {
    return {sums[i / 2][j].at[i % 2 * 2], sums[i / 2][j].at[i % 2 * 2 + 1]};
  }

  /// Calls visit(row, column, pair) for each two neighbouring sums of one row that are inside m x n (n is even).
  template <class Visit>
  METHOD void each_pair(int m, int n, Visit visit) const {
#pragma unroll
    for (int j = 0; j < kTilesAcross; ++j)
#pragma unroll
      for (int i = 0; i < kTilesDown * 2; ++i)
        if (column_of(j) < n && row_of(i) < m)
          visit(row_of(i), column_of(j), pair(i, j));
  }
};
