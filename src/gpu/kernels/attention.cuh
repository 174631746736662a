// Disentangled attention (He et al. 2021, equation 4): one block per sequence, head and 64 queries; online softmax over
// blocks of 64 keys, so that nothing of size tokens x tokens is in memory.
//
// The relative terms of a block of scores are matrix products too. The distances i - j of sixteen queries and 64 keys
// are 79 at most, and so are the table's rows in reach, which are neighbours (rows grow by at most one from distance to
// distance): each warp multiplies its sixteen queries with the key table's rows in reach (c2p), and sixteen of the
// block's keys with the query table's rows in reach of all 64 queries (p2c). These strips lie in shared memory, scaled
// and in f16; score (i, j) picks one element of each by the row of distance i - j. Far from the diagonal the log
// buckets are wide and the strips short.
//
// Queries, keys and tables go from global memory (its cache, mostly) straight into registers: a lane reads sixteen
// bytes of a row, which hold its part of two steps' products in an order of the head's elements that is the same
// for both factors. The scores are scaled in f32, after the product: so no element of q or k needs another rounding.
//
// Narrow heads are those of small networks, which need more precision (NetworkShape::parts()): there q, k, the tables
// and the context take two f16 per number (kParts), a product is three products of f16, and strips are f32.
#pragma once

#include "arguments.hpp"
#include "intrinsics.cuh"

using sciexam::Attention;

template <int kDim, int kParts, class Strip>
struct AttentionBlock {
  static constexpr int kBlock = 64, kWarps = 4, kThreads = kWarps * kWarp;
  static constexpr int kQuarters = kDim / 32; ///< chunks of 16 bytes that a lane holds of one row
  static constexpr int kTiles = kBlock / 8;   ///< across the keys of a block
  /// Elements from row to row of a strip: room for five times sixteen, and stores without bank conflicts where not all
  /// of a block's 48 KiB are needed.
  static constexpr int kStrip = sizeof(Strip) == 2 ? 88 : 80;
  static constexpr int kStripElements = 16 * kStrip;

  /// A tile's left factor: sixteen rows, as multiply_add() wants it.
  struct Rows {
    uint4v low[kParts][kQuarters], high[kParts][kQuarters];

    /// Rows `first` + lane / 4 and + 8, those from `end` on zero.
    METHOD Rows(const half* from, int stride, int first, int end) {
      const int row = first + lane() / 4;
#pragma unroll
      for (int part = 0; part < kParts; ++part)
#pragma unroll
        for (int i = 0; i < kQuarters; ++i) {
          const half* at = element(from, stride, row, part, i);
          low[part][i] = row < end ? load_whole(at) : uint4v{0, 0, 0, 0};
          high[part][i] = row + 8 < end ? load_whole(at + 8LL * stride) : uint4v{0, 0, 0, 0};
        }
    }

    static METHOD const half* element(const half* from, int stride, int row, int part, int quarter) {
      return from + static_cast<long long>(row) * stride + part * (stride / 2) + quarter * 32 + lane() % 4 * 8;
    }

    /// Their products with eight rows of `from`: lane's row is `row`. The product of two rests is below f32's rounding.
    METHOD Tile times(const half* from, int stride, int row) const {
      Tile sums = {};
#pragma unroll
      for (int part = 0; part < kParts; ++part)
#pragma unroll
        for (int i = 0; i < kQuarters; ++i) {
          const uint4v other = load_whole(element(from, stride, row, part, i));
#pragma unroll
          for (int own = 0; own < kParts - part; ++own) {
            const uint4v a = low[own][i], b = high[own][i];
            multiply_add(sums, uint4v{a.x, b.x, a.y, b.y}, other.xy);
            multiply_add(sums, uint4v{a.z, b.z, a.w, b.w}, other.zw);
          }
        }
      return sums;
    }
  };

  /// The products with kCount times eight table rows from `row` on, into the strip: their loads are in flight together.
  template <int kCount>
  static METHOD void fill_columns(Strip* to, const Rows& rows, const half* table, int stride, int row, int table_rows,
                                  float scale) {
    Tile tiles[kCount];
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      tiles[i] = rows.times(table, stride, least(row + i * 8 + lane() / 4, table_rows - 1));
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      store_pair(to + i * 8, float2v{tiles[i].at[0], tiles[i].at[1]} * scale);
      store_pair(to + i * 8 + 8 * kStrip, float2v{tiles[i].at[2], tiles[i].at[3]} * scale);
    }
  }

  /// strip[r][x] = scale * rows[r] . table[first + x] for the table's rows first .. last.
  static METHOD void fill_strip(Strip* strip, const Rows& rows, const half* table, int stride, int table_rows,
                                int first, int last, float scale) {
    Strip* to = strip + lane() / 4 * kStrip + lane() % 4 * 2;
    for (; first + 8 <= last; first += 16, to += 16)
      fill_columns<2>(to, rows, table, stride, first, table_rows, scale);
    if (first <= last)
      fill_columns<1>(to, rows, table, stride, first, table_rows, scale);
  }

  /// Adds one term's strips to the scores: each element e of tile j gets the one at `row` of its distance + place(j,
  /// e). Element e + 2 of tile j + 1 has the distance of element e of tile j.
  template <class Place>
  static METHOD void add_term(Tile (&scores)[kTiles], const Strip* strip, const unsigned short* row, Place place) {
#pragma unroll
    for (int j = -1; j < kTiles; ++j)
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const Strip* at = strip + row[-8 * j - e];
        if (j >= 0)
          scores[j].at[e] += static_cast<float>(at[place(j, e)]);
        if (j + 1 < kTiles)
          scores[j + 1].at[e + 2] += static_cast<float>(at[place(j + 1, e + 2)]);
      }
  }

  static METHOD unsigned place(int key, int chunk) {
    return key * kDim * 2 + ((chunk ^ (kDim == 64 ? key % 8 : key / 2 % 4)) * 16);
  }

  /// Grid: [blocks, heads].
  static METHOD void run(const Attention& a) {
    SHARED static Strip c2p[kWarps * kStripElements] __attribute__((aligned(16)));
    SHARED static Strip p2c[kWarps * kStripElements] __attribute__((aligned(16)));
    SHARED static char values[kBlock * kDim * 2] __attribute__((aligned(16)));
    SHARED static unsigned short rows[2 * kBlock]; ///< of the distances from first query - last key on

    const int warp = thread() / kWarp, quad = lane() % 4, head = block_y() * kDim,
              width = __nvvm_read_ptx_sreg_nctaid_y() * kDim;
    const int sequence = a.blocks[block_x() * 2], first_query = a.blocks[block_x() * 2 + 1];
    const int begin = a.offsets[sequence], length = a.offsets[sequence + 1] - begin;
    const int queries = a.first_tokens_only ? 1 : length;
    const long long first_row = a.first_tokens_only ? sequence : begin;
    const half* k = a.k + static_cast<long long>(begin) * a.kv_stride + head;
    const half* v = a.v + static_cast<long long>(begin) * a.kv_stride + head;
    const auto row_of = [&](int distance) {
      return static_cast<int>(a.row_of_distance[clamp(distance, 1 - length, length - 1)]);
    };

    const int own = first_query + warp * 16; // this warp's first query
    const bool active = own < queries;
    const Rows query(a.q + first_row * a.q_stride + head, a.q_stride, own, queries);
    Tile context[kDim / 8];
#pragma unroll
    for (Tile& tile : context)
      tile = {};
    float most[2] = {-__builtin_inff(), -__builtin_inff()}, sum[2] = {0, 0};

    for (int first_key = 0; first_key < length; first_key += kBlock) {
      const int nearest = first_query - first_key - (kBlock - 1); // the least distance, of rows[0]
      block_barrier();                                            // the last block's shared memory has been read
      if (a.row_of_distance != nullptr)
        rows[thread()] = static_cast<unsigned short>(row_of(nearest + thread()));
#pragma unroll
      for (int i = 0; i < kBlock * kDim / 8 / kThreads; ++i) {
        const int key = (i * kThreads + thread()) / (kDim / 8), chunk = thread() % (kDim / 8);
        const half* from = v + static_cast<long long>(first_key + key) * a.kv_stride + chunk * 8;
        *reinterpret_cast<uint4v*>(values + place(key, chunk)) =
            first_key + key < length ? load_whole(from) : uint4v{0, 0, 0, 0};
      }
      if (a.query_table != nullptr) {
        const int key = first_key + warp * 16;
        const Rows keys(k, a.kv_stride, key, length);
        fill_strip(p2c + warp * kStripElements, keys, a.query_table + head, width * kParts, a.table_rows,
                   row_of(first_query - key - 15), row_of(first_query + kBlock - 1 - key), a.scale);
      }
      if (a.key_table != nullptr && active)
        fill_strip(c2p + warp * kStripElements, query, a.key_table + head, width * kParts, a.table_rows,
                   row_of(own - first_key - (kBlock - 1)), row_of(own + 15 - first_key), a.scale);
      block_barrier();
      if (!active)
        continue;

      Tile scores[kTiles];
#pragma unroll
      for (int j = 0; j < kTiles; ++j) {
        scores[j] = query.times(k, a.kv_stride, least(first_key + j * 8 + lane() / 4, length - 1));
#pragma unroll
        for (float& score : scores[j].at)
          score *= a.scale;
      }
      // Row lane / 4 (+ 8 from e = 2 on) and column 8 j + 2 quad + e % 2 of the scores.
      const unsigned short* row = rows + warp * 16 + lane() / 4 + kBlock - 1 - quad * 2;
      if (a.key_table != nullptr)
        add_term(scores, c2p + warp * kStripElements + lane() / 4 * kStrip - rows[warp * 16], row,
                 [](int, int e) { return e / 2 * 8 * kStrip; });
      if (a.query_table != nullptr)
        add_term(scores, p2c + quad * 2 * kStrip, row,
                 [&](int j, int e) { return (j * 8 + e % 2) * kStrip - rows[48 - j / 2 * 16]; });
      if (first_key + kBlock > length)
#pragma unroll
        for (int j = 0; j < kTiles; ++j)
#pragma unroll
          for (int e = 0; e < 4; ++e)
            if (first_key + j * 8 + quad * 2 + e % 2 >= length)
              scores[j].at[e] = -__builtin_inff();

#pragma unroll
      for (int half_tile = 0; half_tile < 2; ++half_tile) {
        float now = most[half_tile];
#pragma unroll
        for (const Tile& tile : scores)
          now = greatest(now, greatest(tile.at[half_tile * 2], tile.at[half_tile * 2 + 1]));
        now = greatest(now, shuffle_xor(now, 1));
        now = greatest(now, shuffle_xor(now, 2));
        const float shrink = exp2_approx(most[half_tile] - now); // the first time: 2^-inf
        most[half_tile] = now;
        sum[half_tile] *= shrink;
#pragma unroll
        for (Tile& tile : scores)
#pragma unroll
          for (int e = half_tile * 2; e < half_tile * 2 + 2; ++e) {
            tile.at[e] = exp2_approx(tile.at[e] - now);
            sum[half_tile] += tile.at[e];
          }
#pragma unroll
        for (Tile& tile : context) {
          tile.at[half_tile * 2] *= shrink;
          tile.at[half_tile * 2 + 1] *= shrink;
        }
      }
#pragma unroll
      for (int step = 0; step < kBlock / 16; ++step) {
        const Tile &near = scores[step * 2], &far = scores[step * 2 + 1];
        const uint4v probabilities = {pack(near.at[0], near.at[1]), pack(near.at[2], near.at[3]),
                                      pack(far.at[0], far.at[1]), pack(far.at[2], far.at[3])};
#pragma unroll
        for (int i = 0; i < kDim / 16; ++i) {
          const uint4v value =
              load_transposed(shared_address(values) + place(step * 16 + lane() % 16, i * 2 + lane() / 16));
          multiply_add(context[i * 2], probabilities, value.xy);
          multiply_add(context[i * 2 + 1], probabilities, value.zw);
        }
      }
    }

#pragma unroll
    for (int half_tile = 0; half_tile < 2; ++half_tile) {
      const int row = own + lane() / 4 + half_tile * 8;
      const float factor = reciprocal(sum_over<4>(sum[half_tile]));
      if (row >= queries)
        continue;
      half* to = a.context + (first_row + row) * width * kParts + head + quad * 2;
#pragma unroll
      for (int i = 0; i < kDim / 8; ++i)
        store_pair(to + i * 8, float2v{context[i].at[half_tile * 2], context[i].at[half_tile * 2 + 1]} * factor,
                   (kParts - 1) * width);
    }
  }
};

#define ATTENTION_KERNEL(name, blocks, ...)                                                                            \
  KERNEL((AttentionBlock<__VA_ARGS__>::kThreads), blocks) name(Attention a) {                                          \
    AttentionBlock<__VA_ARGS__>::run(a);                                                                               \
  }
ATTENTION_KERNEL(attention_64, 2, 64, 1, half)
ATTENTION_KERNEL(attention_32, 1, 32, 2, float)
