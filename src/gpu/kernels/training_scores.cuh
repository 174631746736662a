// What training's attention kernels share: rows of sixteen tokens, strips of relative terms, a block's scores.
#pragma once

#include "attention.cuh"

using sciexam::TrainingAttention;

/// One head's columns of a matrix [tokens, ...], from a sequence's first token on. Places are 32-bit offsets from a
/// pointer among the kernel's arguments: an address of its own for each matrix would take registers that are scarce.
template <class T>
struct HeadColumns {
  T* all;
  int first, stride;

  METHOD T* at(int row, int column) const { return all + (first + row * stride + column); }
};

template <int kDim>
struct TrainingAttentionBlock {
  using Matrix = HeadColumns<const half>;
  static constexpr int kBlock = 64, kWarps = 4, kThreads = kWarps * kWarp, kTiles = kBlock / 8;
  /// Elements from row to row of a strip: 79 rows are in reach of sixteen tokens and 64 others, and chunks of eight are
  /// copied.
  static constexpr int kStrip = 88, kStripElements = 16 * kStrip;
  static constexpr int kQuarters = kDim / 32; ///< chunks of 16 bytes that a lane holds of one row

  /// A tile's left factor: rows `first` + lane / 4 and + 8, those from `end` on zero; as in attention.cuh.
  struct Rows {
    uint4v low[kQuarters], high[kQuarters];

    METHOD Rows(const Matrix& from, int first, int end) {
      const int row = first + lane() / 4;
#pragma unroll
      for (int i = 0; i < kQuarters; ++i) {
        const int column = i * 32 + lane() % 4 * 8;
        low[i] = load_whole(from.at(least(row, end - 1), column));
        high[i] = load_whole(from.at(least(row + 8, end - 1), column));
      }
    }

    /// Their products with eight rows of `from`: lane's row is `row`.
    METHOD Tile times(const Matrix& from, int row) const {
      Tile sums = {};
#pragma unroll
      for (int i = 0; i < kQuarters; ++i) {
        const uint4v a = low[i], b = high[i], other = load_whole(from.at(row, i * 32 + lane() % 4 * 8));
        multiply_add(sums, uint4v{a.x, b.x, a.y, b.y}, other.xy);
        multiply_add(sums, uint4v{a.z, b.z, a.w, b.w}, other.zw);
      }
      return sums;
    }
  };

  static METHOD unsigned place(int row, int chunk) {
    return AttentionBlock<kDim, 1, half>::place(row, chunk);
  }

  const TrainingAttention& a;
  int head, sequence, first, begin, length; ///< `first`: of the block's own rows, in the sequence

  METHOD explicit TrainingAttentionBlock(const TrainingAttention& arguments) : a(arguments), head(block_y()) {
    sequence = a.blocks[block_x() * 2];
    first = a.blocks[block_x() * 2 + 1];
    begin = a.offsets[sequence];
    length = a.offsets[sequence + 1] - begin;
  }

  METHOD int row_of(int distance) const {
    return a.row_of_distance[clamp(distance, 1 - length, length - 1)];
  }

  template <class T>
  METHOD HeadColumns<T> matrix(T* all, int stride) const {
    return {all, begin * stride + head * kDim, stride};
  }
  /// The strip of a token.
  template <class T>
  METHOD T* strip_of(T* all, int token) const {
    return all + (static_cast<long long>(begin + token) * __nvvm_read_ptx_sreg_nctaid_y() + head) * a.strip_rows;
  }
  METHOD float number_of(const float* all, int token) const {
    return all[static_cast<long long>(head) * a.tokens + begin + token];
  }

  /// Copies the rows from_row .. to_row, rounded outwards to chunks, of sixteen tokens' strips.
  METHOD void copy_strips(half* to, const half* strips, int token, int from_row, int to_row) const {
    const int chunk = from_row / 8, chunks = to_row / 8 - chunk + 1;
#pragma unroll 2
    for (int i = lane(); i < 16 * 16; i += kWarp) // eleven chunks at most
      if (i % 16 < chunks)
        *reinterpret_cast<uint4v*>(to + i / 16 * kStrip + i % 16 * 8) =
            load_whole(strip_of(strips, least(token + i / 16, length - 1)) + (chunk + i % 16) * 8);
  }

  /// Copies 64 rows of a matrix for transposed loads, zeros behind the sequence's end.
  METHOD void copy_block(char* to, const Matrix& from, int row) const {
#pragma unroll
    for (int i = 0; i < kBlock * kDim / 8 / kThreads; ++i) {
      const int line = (i * kThreads + thread()) / (kDim / 8), chunk = thread() % (kDim / 8);
      *reinterpret_cast<uint4v*>(to + place(line, chunk)) =
          row + line < length ? load_whole(from.at(row + line, chunk * 8)) : uint4v{0, 0, 0, 0};
    }
  }

  /// The products of own rows with kCount times eight others.
  template <int kCount>
  static METHOD void multiply_rows(Tile (&tiles)[kCount], const Rows& own, const Matrix& others, int row, int end) {
#pragma unroll
    for (int j = 0; j < kCount; ++j)
      tiles[j] = own.times(others, least(row + j * 8 + lane() / 4, end - 1));
  }

  /// sums += factors rows, with kCount times eight rows from the `first`-th on of those of copy_block().
  template <int kCount>
  static METHOD void multiply_block(Tile (&sums)[kDim / 8], const Tile (&factors)[kCount], const char* rows,
                                    int first = 0) {
#pragma unroll
    for (int step = 0; step < kCount / 2; ++step) {
      const Tile &near = factors[step * 2], &far = factors[step * 2 + 1];
      const uint4v packed = {pack(near.at[0], near.at[1]), pack(near.at[2], near.at[3]), pack(far.at[0], far.at[1]),
                             pack(far.at[2], far.at[3])};
#pragma unroll
      for (int i = 0; i < kDim / 16; ++i) {
        const uint4v value =
            load_transposed(shared_address(rows) + place(first + step * 16 + lane() % 16, i * 2 + lane() / 16));
        multiply_add(sums[i * 2], packed, value.xy);
        multiply_add(sums[i * 2 + 1], packed, value.zw);
      }
    }
  }

  /// Rows `own` + lane / 4 and + 8, times `factor`.
  METHOD void store_rows(const HeadColumns<half>& to, int own, const Tile (&sums)[kDim / 8], float2v factor) const {
#pragma unroll
    for (int half_tile = 0; half_tile < 2; ++half_tile)
      if (const int row = own + lane() / 4 + half_tile * 8; row < length)
#pragma unroll
        for (int i = 0; i < kDim / 8; ++i)
          store_pair(to.at(row, i * 8 + lane() % 4 * 2),
                     float2v{sums[i].at[half_tile * 2], sums[i].at[half_tile * 2 + 1]} * factor[half_tile]);
  }

  /// The mask's bits of a query begin here.
  METHOD unsigned long long mask_row(int query) const {
    return a.mask_begins[sequence] + (static_cast<unsigned long long>(head) * length + query) * length;
  }
  /// Whether dropout keeps the probability of (query, key): the lowest bit.
  METHOD unsigned kept(int query, int key) const {
    const unsigned long long element = mask_row(query) + key;
    return a.mask[element / 32] >> (element % 32);
  }
  /// The same for 32 keys, a bit each; those behind the sequence's end mean nothing.
  METHOD unsigned kept_keys(int query, int key) const {
    const unsigned long long row = mask_row(query), element = row + key, last = (row + length - 1) / 32;
    const unsigned long long word = element / 32;
    const unsigned low = a.mask[word < last ? word : last], high = a.mask[word + 1 < last ? word + 1 : last];
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (element % 32));
  }
  METHOD float kept_factor(unsigned bits) const {
    return (bits & 1) != 0 ? a.kept_scale : 0.0F;
  }
};

/// What a block of scores needs in shared memory.
struct ScoreStrips {
  half *own, *others;         ///< of the warp's sixteen rows; of the 64 others
  const unsigned short* rows; ///< of the 127 distances in a block of 64 x 64
  int own_start;              ///< the row of the table that own's first element is
};

/// Own rows are queries, the others keys; or, with kKeys, the other way round.
template <int kDim, bool kKeys>
struct OwnedScores : TrainingAttentionBlock<kDim> {
  using Base = TrainingAttentionBlock<kDim>;
  using Base::a, Base::first, Base::kBlock, Base::kStrip, Base::kStripElements, Base::kTiles, Base::length;
  using Base::Base;
  using Base::row_of;

  /// The place of a distance among those of a block.
  static METHOD int index_of(int row, int column) { return kKeys ? column - row + 63 : row - column + 63; }

  /// By all threads: the rows of the block's distances, and both strips. A barrier must stand before and behind it.
  METHOD void prepare(unsigned short* rows, half* own_strips, half* other_strips, int other) const {
    const int warp = thread() / kWarp, nearest = (kKeys ? other - first : first - other) - 63;
    if (a.row_of_distance == nullptr)
      return;
    rows[thread()] = static_cast<unsigned short>(row_of(nearest + thread()));
    const half* const own_of = kKeys ? a.p2c : a.c2p;
    const half* const others_of = kKeys ? a.c2p : a.p2c;
    // Index 16 n to 16 n + 78: sixteen rows' reach.
    const int own_low = nearest + (kKeys ? 48 - warp * 16 : warp * 16),
              others_low = nearest + (kKeys ? warp * 16 : 48 - warp * 16);
    if (own_of != nullptr)
      this->copy_strips(own_strips + warp * kStripElements, own_of, first + warp * 16, row_of(own_low),
                        row_of(own_low + 78));
    if (others_of != nullptr)
      this->copy_strips(other_strips + warp * kStripElements, others_of, other + warp * 16, row_of(others_low),
                        row_of(others_low + 78));
  }

  METHOD ScoreStrips strips(const unsigned short* rows, half* own_strips, half* other_strips) const {
    const int warp = thread() / kWarp;
    return {own_strips + warp * kStripElements, other_strips, rows,
            a.row_of_distance == nullptr ? 0 : rows[kKeys ? 48 - warp * 16 : warp * 16] / 8 * 8};
  }

  /// scores = scale * scores + both terms; in units of log 2. Of kCount times eight columns from `first_tile` on.
  template <int kCount>
  METHOD void add_terms(Tile (&scores)[kCount], const ScoreStrips& s, int first_tile = 0) const {
    const half* const own_of = kKeys ? a.p2c : a.c2p;
    const half* const others_of = kKeys ? a.c2p : a.p2c;
    const int warp_row = thread() / kWarp * 16;
#pragma unroll
    for (int j = 0; j < kCount; ++j)
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        float score = scores[j].at[e] * a.scale * kLog2e;
        if (a.row_of_distance != nullptr) {
          const int row = lane() / 4 + e / 2 * 8, column = (first_tile + j) * 8 + lane() % 4 * 2 + e % 2;
          const int at = s.rows[index_of(warp_row + row, column)];
          if (own_of != nullptr)
            score += static_cast<float>(s.own[row * kStrip + at - s.own_start]);
          if (others_of != nullptr)
            score += static_cast<float>(
                s.others[column * kStrip + at -
                         s.rows[kKeys ? (first_tile + j) / 2 * 16 : 48 - (first_tile + j) / 2 * 16] / 8 * 8]);
        }
        scores[j].at[e] = score;
      }
  }
};
