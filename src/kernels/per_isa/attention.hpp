// Disentangled attention of one head: scores, both relative terms, softmax and context, a block of queries at a time.
//
// The scores of a block lie transposed, a row a key: the softmax runs down columns, a vector of queries at
// once, and the block is what the product with v wants as it stands. A relative term is a product with a
// window of a table by distance, whose rows must be shifted against each other; a tile does that by
// storing each row one float further than the stride says.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/functions.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::per_isa {
namespace {

/// Queries at once: whole tiles; with their shifts and the last vector's rest they fit into kScoreStride, an odd number
/// of cache lines, so that rows do not fall on each other in the caches.
constexpr std::int64_t kBlock = kTileRows == 6 ? 90 : 112;
constexpr std::int64_t kScoreStride = kTileRows == 6 ? 112 : 176;
constexpr std::int64_t kShift = kTileRows - 1;
static_assert(kBlock % kTileRows == 0 && kBlock + 2 * kShift + kLanes <= kScoreStride);

/// At least x, and an odd number of cache lines.
constexpr std::int64_t odd_lines(std::int64_t x) {
  return round_up(x, 16) / 16 % 2 == 1 ? round_up(x, 16) : round_up(x, 16) + 16;
}

/// Where the parts of the scratch begin, in floats. Rows are written a little beyond both ends.
struct AttentionLayout {
  std::int64_t column_stride, context_columns, relative_stride, k, v, scores, relative, size;

  AttentionLayout(std::int64_t length, std::int64_t head_dim)
      : column_stride(odd_lines(length + 3 * kLanes)), context_columns(round_up(head_dim, kLanes)),
        relative_stride(odd_lines(length + 2 * kShift + 2 * kLanes)), k(head_dim * column_stride),
        v(k + head_dim * column_stride), scores(v + length * context_columns + 2 * kLanes),
        relative(scores + (length + 2 * kLanes) * kScoreStride),
        size(relative + (kBlock + kTileRows + kLanes) * relative_stride) {}
};

struct AttentionScratch {
  std::int64_t column_stride, context_columns, relative_stride;
  float *q, *k;    ///< transposed, [head_dim, column_stride]
  float* v;        ///< [length, context_columns]
  float* scores;   ///< [keys, kScoreStride]
  float* relative; ///< c2p of a block, [queries, relative_stride]

  AttentionScratch(const AttentionLayout& layout, float* from)
      : column_stride(layout.column_stride), context_columns(layout.context_columns),
        relative_stride(layout.relative_stride), q(from), k(from + layout.k), v(from + layout.v),
        scores(from + layout.scores), relative(from + layout.relative) {}
};

std::int64_t attention_scratch(std::int64_t length, std::int64_t head_dim) {
  return AttentionLayout(length, head_dim).size;
}

/// to[d][i] = x[i][d] * scale, zeros after the last row.
inline void transpose(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float scale,
                      float* to, std::int64_t to_stride) {
  for (std::int64_t i = 0; i < rows; i += 8) {
    const float* from[8];
    for (std::int64_t r = 0; r < 8; ++r)
      from[r] = x + smaller(i + r, rows - 1) * stride; // in the end the last row again
    std::int64_t d = 0;
    for (; d + 8 <= columns; d += 8) {
      transpose_eight(from, scale, to + d * to_stride + i, to_stride);
      for (const float*& row : from)
        row += 8;
    }
    for (; d < columns; ++d)
      for (std::int64_t r = 0; r < 8; ++r)
        to[d * to_stride + i + r] = *from[r]++ * scale;
  }
  for (std::int64_t d = 0; d < columns; ++d)
    for (std::int64_t i = rows; i < to_stride; ++i)
      to[d * to_stride + i] = 0;
}

inline void copy_values(const HeadAttention& call, const AttentionScratch& scratch) {
  for (std::int64_t j = 0; j < call.length; ++j) {
    const float* from = call.v + j * call.qkv_stride;
    float* to = scratch.v + j * scratch.context_columns;
    std::int64_t d = 0;
    for (; d + kLanes <= call.head_dim; d += kLanes)
      store(to + d, load(from + d));
    for (; d < scratch.context_columns; ++d)
      to[d] = d < call.head_dim ? from[d] : 0;
  }
}

/// scores[j][i] = (k[j] . q[i] + p2c) * scale for the queries first .. first + count - 1.
inline void content_scores(const HeadAttention& call, const AttentionScratch& scratch, std::int64_t first,
                           std::int64_t count) {
  const std::int64_t stride = scratch.column_stride;
  for (std::int64_t j = 0; j < call.length; j += kTileRows) {
    float* scores = scratch.scores + j * kScoreStride;
    if (call.query_table != nullptr) { // column x of row r is the distance first + x - (j + kShift)
      row_of_tiles<Start::zero>(scratch.k + j, stride, call.query_table + call.table_center + first - j - kShift,
                                call.table_stride, call.head_dim, count + kShift, scores - kShift, kScoreStride + 1);
      row_of_tiles<Start::result>(scratch.k + j, stride, scratch.q + first, stride, call.head_dim, count, scores,
                                  kScoreStride);
    } else {
      row_of_tiles<Start::zero>(scratch.k + j, stride, scratch.q + first, stride, call.head_dim, count, scores,
                                kScoreStride);
    }
  }
}

/// scores[j][i] += q[i] . key_table[j - i], which comes out by rows of i.
inline void add_relative_keys(const HeadAttention& call, const AttentionScratch& scratch, std::int64_t first,
                              std::int64_t count) {
  const std::int64_t stride = scratch.relative_stride;
  for (std::int64_t i = 0; i < count; i += kTileRows)
    row_of_tiles<Start::zero>(scratch.q + first + i, scratch.column_stride,
                              call.key_table + call.table_center - (first + i) - kShift, call.table_stride,
                              call.head_dim, call.length + kShift, scratch.relative + i * stride, stride + 1);
  for (std::int64_t i = 0; i < count; i += 8)
    for (std::int64_t j = 0; j < call.length; j += 8) {
      const float* from[8];
      for (std::int64_t r = 0; r < 8; ++r)
        from[r] = scratch.relative + (i + r) * stride + kShift + j;
      float square[64];
      transpose_eight(from, 1, square, 8);
      float* to = scratch.scores + j * kScoreStride + i;
      for (std::int64_t r = 0; r < 8; ++r, to += kScoreStride)
        _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), _mm256_loadu_ps(square + 8 * r)));
    }
}

/// Columns of scores become e^(score - greatest), and `shares` 1 / their sums; two vectors at once, a cache line or
/// two.
inline void exponentials(std::int64_t keys, std::int64_t count, float* scores, float* shares) {
  for (std::int64_t i = 0; i < count; i += 2 * kLanes) {
    const float* score = scores + i;
    Vector greatest[2] = {load(score), load(score + kLanes)}, totals[2] = {zero(), zero()};
    for (std::int64_t j = 1; j < keys; ++j) {
      score += kScoreStride;
      greatest[0] = greater(greatest[0], load(score));
      greatest[1] = greater(greatest[1], load(score + kLanes));
    }
    float* value = scores + i;
    for (std::int64_t j = 0; j < keys; ++j, value += kScoreStride) {
      const Vector first = exponential(subtract(load(value), greatest[0])),
                   second = exponential(subtract(load(value + kLanes), greatest[1]));
      store(value, first);
      store(value + kLanes, second);
      totals[0] = add(totals[0], first);
      totals[1] = add(totals[1], second);
    }
    store(shares + i, divide(all(1), totals[0]));
    store(shares + i + kLanes, divide(all(1), totals[1]));
  }
}

/// context[i] = sum over j of scores[j][i] * v[j] * shares[i].
inline void write_context(const HeadAttention& call, const AttentionScratch& scratch, std::int64_t first,
                          std::int64_t count, const float* shares) {
  float sums[kTileRows * kPanelColumns];
  for (std::int64_t i = 0; i < count; i += kTileRows)
    for (std::int64_t d = 0; d < call.head_dim; d += kPanelColumns) {
      const std::int64_t columns = smaller(kPanelColumns, call.head_dim - d);
      row_of_tiles<Start::zero>(scratch.scores + i, kScoreStride, scratch.v + d, scratch.context_columns, call.length,
                                columns, sums, kPanelColumns);
      for (std::int64_t r = 0; r < smaller(kTileRows, count - i); ++r) {
        float* context = call.context + (first + i + r) * call.context_stride + d;
        for (std::int64_t x = 0; x < columns; ++x)
          context[x] = sums[r * kPanelColumns + x] * shares[i + r];
      }
    }
}

void attend(const HeadAttention& call) {
  const AttentionScratch scratch(AttentionLayout(call.length, call.head_dim), call.scratch);
  transpose(call.q, call.qkv_stride, call.queries, call.head_dim, call.scale, scratch.q, scratch.column_stride);
  transpose(call.k, call.qkv_stride, call.length, call.head_dim, 1, scratch.k, scratch.column_stride);
  copy_values(call, scratch);
  const std::int64_t blocks = (call.queries + kBlock - 1) / kBlock;
  const std::int64_t block = round_up((call.queries + blocks - 1) / blocks, kTileRows);
  float shares[kBlock + 2 * kLanes];
  for (std::int64_t first = 0; first < call.queries; first += block) {
    const std::int64_t count = smaller(block, call.queries - first);
    content_scores(call, scratch, first, count);
    if (call.key_table != nullptr)
      add_relative_keys(call, scratch, first, count);
    exponentials(call.length, count, scratch.scores, shares);
    write_context(call, scratch, first, count, shares);
  }
}

} // namespace
} // namespace sciexam::per_isa
