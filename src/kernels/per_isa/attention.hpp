// Disentangled attention of one head: scores, both relative terms, softmax and context, a block of queries at a time.
//
// The scores of a block are transposed, one row per key: the softmax runs down columns, a vector of queries at once,
// and the product with v takes the block as it is. A relative term is a product with the columns of a table that are in
// reach of a tile's tokens; the value of each pair of tokens is then picked by their distance, eight at a time. Large
// distances share columns (DeBERTa-v3's logarithmic buckets), so that sequences of 512 tokens need two thirds of the
// products that one column per distance would take.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/functions.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// At least x, and an odd number of cache lines, so that rows do not collide in the caches.
constexpr std::int64_t odd_lines(std::int64_t x) {
  return round_up(x, 16) / 16 % 2 == 1 ? round_up(x, 16) : round_up(x, 16) + 16;
}

constexpr std::int64_t kBlock = kTileRows == 6 ? 96 : 112; ///< queries at once
constexpr std::int64_t kKeys = 4 * kTileRows;              ///< keys at once
static_assert(kBlock % kTileRows == 0 && kBlock % 8 == 0 && kKeys % 8 == 0);
constexpr std::int64_t kScoreStride = odd_lines(kBlock + kPanelColumns);

/// Floats for the products of a token with all columns in reach: of `rows` tokens in a row to `partners` tokens.
constexpr std::int64_t products_stride(std::int64_t rows, std::int64_t partners) {
  return odd_lines(rows + partners + 2 * kPanelColumns + 8); // whole panels, and eight are loaded from anywhere
}

/// Where the parts of the scratch begin, in floats.
struct AttentionLayout {
  std::int64_t column_stride, context_columns, key_stride, query_stride, k, v, scores, key_products, query_products,
      size;

  AttentionLayout(std::int64_t length, std::int64_t head_dim)
      : column_stride(odd_lines(length + kKeys)), context_columns(round_up(head_dim, kLanes)),
        key_stride(products_stride(kBlock, length + kKeys)), query_stride(products_stride(kKeys, kBlock + kTileRows)),
        k(head_dim * kScoreStride), v(k + head_dim * column_stride), scores(v + length * context_columns + 2 * kLanes),
        key_products(scores + (length + kKeys) * kScoreStride), query_products(key_products + kBlock * key_stride),
        size(query_products + kKeys * query_stride) {}
};

struct AttentionScratch {
  std::int64_t column_stride, context_columns, key_stride, query_stride;
  float *q, *k;          ///< transposed, [head_dim, kScoreStride] of a block, and [head_dim, column_stride]
  float* v;              ///< [length, context_columns]
  float* scores;         ///< [keys, kScoreStride]
  float* key_products;   ///< of a block's queries with the key table's columns, [kBlock, key_stride]
  float* query_products; ///< of kKeys keys with the query table's columns, [kKeys, query_stride]

  AttentionScratch(const AttentionLayout& layout, float* from)
      : column_stride(layout.column_stride), context_columns(layout.context_columns), key_stride(layout.key_stride),
        query_stride(layout.query_stride), q(from), k(from + layout.k), v(from + layout.v),
        scores(from + layout.scores), key_products(from + layout.key_products),
        query_products(from + layout.query_products) {}
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
      from[r] = x + smaller(i + r, rows - 1) * stride; // beyond the end, the last row again
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

/// Products of tokens r = 0 .. count - 1 with the columns of a table for the distances lowest - r .. highest - r; or
/// zeros, if there is no table.
class TableProducts {
public:
  /// The tokens are transposed: [head_dim, tokens_stride].
  TableProducts(const DistanceTable& table, std::int64_t head_dim, const float* tokens, std::int64_t tokens_stride,
                std::int64_t count, std::int64_t lowest, std::int64_t highest, float* to, std::int64_t stride)
      : from_(to), stride_(stride), column_of_(table.column_of) {
    if (table.columns == nullptr)
      return;
    const std::int64_t first = panel_of(lowest - round_up(count, kTileRows) + 1), last = panel_of(highest);
    first_column_ = first * kPanelColumns;
    for (std::int64_t panel = first; panel <= last; ++panel)
      for (std::int64_t r = 0; r < count; r += kTileRows)
        if (panel_of(lowest - r - kTileRows + 1) <= panel && panel <= panel_of(highest - r))
          tile<2, Start::zero>(tokens + r, tokens_stride, table.columns + panel * head_dim * kPanelColumns,
                               kPanelColumns, head_dim, nullptr,
                               to + r * stride + panel * kPanelColumns - first_column_, stride);
  }

  /// Token r's for the distances d .. d + 7.
  __m256 eight(std::int64_t r, std::int64_t d) const {
    if (column_of_ == nullptr)
      return _mm256_setzero_ps();
    const __m256i columns = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(column_of_ + d));
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(from_ + r * stride_ + column_of_[d] - first_column_),
                                    _mm256_sub_epi32(columns, _mm256_set1_epi32(column_of_[d])));
  }

private:
  std::int64_t panel_of(std::int64_t distance) const { return column_of_[distance] / kPanelColumns; }

  const float* from_; ///< token r's product with column c is from_[r * stride_ + c - first_column_]
  std::int64_t stride_, first_column_ = 0;
  const std::int32_t* column_of_;
};

/// scores[j][i] = (k[j] . q[i] + c2p + p2c) * scale for the queries first .. first + count - 1 and all keys.
inline void write_scores(const HeadAttention& call, const AttentionScratch& scratch, std::int64_t first,
                         std::int64_t count) {
  const std::int64_t dim = call.head_dim, last = first + count - 1;
  const TableProducts c2p(call.key_table, dim, scratch.q, kScoreStride, count, -first, call.length - 1 - first,
                          scratch.key_products, scratch.key_stride);
  for (std::int64_t key = 0; key < call.length; key += kKeys) {
    const std::int64_t keys = smaller(kKeys, call.length - key);
    const float* k = scratch.k + key;
    float* scores = scratch.scores + key * kScoreStride;
    const TableProducts p2c(call.query_table, dim, k, scratch.column_stride, keys, first - key, last - key,
                            scratch.query_products, scratch.query_stride);
    for (std::int64_t i = 0; i < count; i += 8)
      for (std::int64_t j = 0; j < keys; j += 8) {
        __m256 rows[8];
#pragma GCC unroll 8
        for (std::int64_t r = 0; r < 8; ++r)
          rows[r] = c2p.eight(i + r, key + j - (first + i + r));
        float* to = scores + j * kScoreStride + i;
        transpose_eight(rows, to, kScoreStride);
#pragma GCC unroll 8
        for (std::int64_t r = 0; r < 8; ++r, to += kScoreStride)
          _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), p2c.eight(j + r, first + i - (key + j + r))));
      }
    for (std::int64_t i = 0; i < count; i += kPanelColumns)
      for (std::int64_t j = 0; j < keys; j += kTileRows) {
        float* to = scores + j * kScoreStride + i;
        if (count - i > kLanes)
          tile<2, Start::result>(k + j, scratch.column_stride, scratch.q + i, kScoreStride, dim, nullptr, to,
                                 kScoreStride);
        else
          tile<1, Start::result>(k + j, scratch.column_stride, scratch.q + i, kScoreStride, dim, nullptr, to,
                                 kScoreStride);
      }
  }
}

/// Columns of scores become e^(score - maximum), and `shares` 1 / their sums; two vectors at once, a cache line or
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
      row_of_tiles(scratch.scores + i, kScoreStride, scratch.v + d, scratch.context_columns, call.length, columns, sums,
                   kPanelColumns);
      for (std::int64_t r = 0; r < smaller(kTileRows, count - i); ++r) {
        float* context = call.context + (first + i + r) * call.context_stride + d;
        for (std::int64_t x = 0; x < columns; ++x)
          context[x] = sums[r * kPanelColumns + x] * shares[i + r];
      }
    }
}

void attend(const HeadAttention& call) {
  const AttentionScratch scratch(AttentionLayout(call.length, call.head_dim), call.scratch);
  transpose(call.k, call.qkv_stride, call.length, call.head_dim, 1, scratch.k, scratch.column_stride);
  copy_values(call, scratch);
  const std::int64_t blocks = (call.queries + kBlock - 1) / kBlock;
  const std::int64_t block = round_up((call.queries + blocks - 1) / blocks, kTileRows);
  float shares[kBlock + 2 * kLanes];
  for (std::int64_t first = 0; first < call.queries; first += block) {
    const std::int64_t count = smaller(block, call.queries - first);
    transpose(call.q + first * call.qkv_stride, call.qkv_stride, count, call.head_dim, call.scale, scratch.q,
              kScoreStride);
    write_scores(call, scratch, first, count);
    exponentials(call.length, count, scratch.scores, shares);
    write_context(call, scratch, first, count, shares);
  }
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
