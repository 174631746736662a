// Disentangled attention of one head: scores, both relative terms, softmax and context, a block of queries at a time.
//
// The scores of a block are transposed, one row per key: the softmax runs down columns, a vector of queries at once,
// and the product with v takes the block as it is. A relative term is a product with the columns of a table that are in
// reach of a tile's tokens; the value of each pair of tokens is then picked by their distance, eight at a time. Large
// distances share columns (DeBERTa-v3's logarithmic buckets), so that sequences of 512 tokens need two thirds of the
// products that one column per distance would take.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/attention_operands.hpp"
#include "kernels/per_isa/functions.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// At least x, and an odd number of cache lines, so that rows do not collide in the caches.
constexpr std::int64_t odd_lines(std::int64_t x) {
  return round_up(x, 16) / 16 % 2 == 1 ? round_up(x, 16) : round_up(x, 16) + 16;
}

constexpr std::int64_t kBlock = kTileRows == 6 ? 96 : 168; ///< queries at once
constexpr std::int64_t kKeys = 4 * kTileRows;              ///< keys at once
static_assert(kBlock % kTileRows == 0 && kBlock % 8 == 0 && kKeys % 8 == 0);
constexpr std::int64_t kScoreStride = odd_lines(kBlock + kPanelColumns);

/// Floats for the products of a token with all columns in reach: of `rows` tokens in a row to `partners` tokens.
constexpr std::int64_t products_stride(std::int64_t rows, std::int64_t partners) {
  return odd_lines(rows + partners + 2 * kPanelColumns + 8); // whole panels, and eight are loaded from anywhere
}

/// Where the parts of the scratch begin, in floats. Pairs take half of the room of q, k, v and the exponentials.
struct AttentionLayout {
  std::int64_t column_stride, context_columns, key_stride, query_stride, k, v, scores, key_products, query_products,
      room, q_scales, k_scales, v_scales, ones, size;

  AttentionLayout(std::int64_t length, std::int64_t head_dim)
      : column_stride(odd_lines(length + kKeys)), context_columns(round_up(head_dim, kLanes)),
        key_stride(products_stride(kBlock, length + kKeys)), query_stride(products_stride(kKeys, kBlock + kTileRows)),
        k(head_dim * kScoreStride), v(k + head_dim * column_stride), scores(v + length * context_columns + 2 * kLanes),
        key_products(scores + (length + kKeys) * kScoreStride), query_products(key_products + kBlock * key_stride),
        room(query_products + kKeys * query_stride), q_scales(room + 8 * context_columns),
        k_scales(q_scales + kScoreStride), v_scales(k_scales + column_stride),
        ones(v_scales + round_up(head_dim, kPanelColumns)), size(ones + round_up(kTileRows, kLanes)) {}
};

/// Those of one head's products, whose operands are Operands.
template <class Operands>
struct AttentionScratch {
  using Element = typename Operands::Element;

  Operands operands;
  std::int64_t depth; ///< elements of head_dim
  std::int64_t column_stride, context_columns, key_stride, query_stride;
  Element *q, *k;        ///< transposed, [depth, kScoreStride] of a block, and [depth, column_stride]
  Element* v;            ///< [elements of length, context_columns]
  float* scores;         ///< [keys, kScoreStride]
  Element* exponentials; ///< [elements of keys, kScoreStride]; in the place of the scores
  float* key_products;   ///< of a block's queries with the key table's columns, [kBlock, key_stride]
  float* query_products; ///< of kKeys keys with the query table's columns, [kKeys, query_stride]
  Element* room;         ///< [8, context_columns]
  float *q_scales, *k_scales, *v_scales, *ones; ///< of rows of q and k, and of columns of v

  AttentionScratch(const AttentionLayout& layout, std::int64_t head_dim, float* from)
      : operands(head_dim), depth(elements_of<Operands>(head_dim)), column_stride(layout.column_stride),
        context_columns(layout.context_columns), key_stride(layout.key_stride), query_stride(layout.query_stride),
        q(elements(from)), k(elements(from + layout.k)), v(elements(from + layout.v)), scores(from + layout.scores),
        exponentials(elements(scores)), key_products(from + layout.key_products),
        query_products(from + layout.query_products), room(elements(from + layout.room)),
        q_scales(from + layout.q_scales), k_scales(from + layout.k_scales), v_scales(from + layout.v_scales),
        ones(from + layout.ones) {}

  Operand<Element> queries() const { return {q, kScoreStride, q_scales}; }
  Operand<Element> keys() const { return {k, column_stride, k_scales}; }

private:
  static Element* elements(float* place) { return reinterpret_cast<Element*>(place); }
};

std::int64_t attention_scratch(std::int64_t length, std::int64_t head_dim) {
  return AttentionLayout(length, head_dim).size;
}

/// Products of tokens r = 0 .. count - 1 with the columns of a table for the distances lowest - r .. highest - r; or
/// zeros, if there is no table.
class TableProducts {
public:
  template <class Operands, class Element = typename Operands::Element>
  TableProducts(const Operands&, const DistanceTable& table, std::int64_t head_dim, const Operand<Element>& tokens,
                std::int64_t count, std::int64_t lowest, std::int64_t highest, float* to, std::int64_t stride)
      : from_(to), stride_(stride), column_of_(table.column_of) {
    if (table.column_of == nullptr)
      return;
    const std::int64_t first = panel_of(lowest - round_up(count, kTileRows) + 1), last = panel_of(highest);
    first_column_ = first * kPanelColumns;
    for (std::int64_t panel = first; panel <= last; ++panel) {
      const Operand<Element> columns = Operands::columns(table, panel, head_dim);
      const std::int64_t middle = panel * kPanelColumns + kLanes;
      for (std::int64_t r = 0; r < count; r += kTileRows) {
        const std::int64_t begin = column_of_[lowest - r - kTileRows + 1], end = column_of_[highest - r];
        if (begin >= middle + kLanes || end < middle - kLanes)
          continue;
        // Where only one half of the panel is in reach, half a tile.
        const std::int64_t from = begin >= middle ? middle : middle - kLanes;
        float* at = to + r * stride + from - first_column_;
        if (begin < middle && end >= middle)
          Operands::template multiply_tile<2, Start::zero>(tokens.from(r), columns, elements_of<Operands>(head_dim), at,
                                                           stride);
        else
          Operands::template multiply_tile<1, Start::zero>(tokens.from(r), columns.from(from % kPanelColumns),
                                                           elements_of<Operands>(head_dim), at, stride);
      }
    }
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
template <class Operands>
inline void write_scores(const HeadAttention& call, const AttentionScratch<Operands>& scratch, std::int64_t first,
                         std::int64_t count) {
  const std::int64_t last = first + count - 1;
  const TableProducts c2p(scratch.operands, call.key_table, call.head_dim, scratch.queries(), count, -first,
                          call.length - 1 - first, scratch.key_products, scratch.key_stride);
  for (std::int64_t key = 0; key < call.length; key += kKeys) {
    const std::int64_t keys = smaller(kKeys, call.length - key);
    const auto k = scratch.keys().from(key);
    float* scores = scratch.scores + key * kScoreStride;
    const TableProducts p2c(scratch.operands, call.query_table, call.head_dim, k, keys, first - key, last - key,
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
          Operands::template multiply_tile<2, Start::result>(k.from(j), scratch.queries().from(i), scratch.depth, to,
                                                             kScoreStride);
        else
          Operands::template multiply_tile<1, Start::result>(k.from(j), scratch.queries().from(i), scratch.depth, to,
                                                             kScoreStride);
      }
  }
}

/// The exponentials become those of score - maximum of the column, and `shares` what they count in an average: two
/// vectors at once, a cache line or two. In a last element that is not full zeros follow.
template <class Operands>
inline void exponentials(std::int64_t keys, std::int64_t count, const AttentionScratch<Operands>& scratch,
                         float* shares) {
  constexpr std::int64_t kFactors = Operands::kFactors;
  for (std::int64_t i = 0; i < count; i += 2 * kLanes) {
    const float* score = scratch.scores + i;
    Vector greatest[2] = {load(score), load(score + kLanes)}, totals[2] = {zero(), zero()};
    for (std::int64_t j = 1; j < keys; ++j) {
      score += kScoreStride;
      greatest[0] = greater(greatest[0], load(score));
      greatest[1] = greater(greatest[1], load(score + kLanes));
    }
    score = scratch.scores + i;
    auto* to = scratch.exponentials + i;
    for (std::int64_t j = 0; j < keys; j += kFactors, to += kScoreStride) {
      Vector values[kFactors][2] = {};
#pragma GCC unroll 2
      for (std::int64_t f = 0; f < kFactors; ++f, score += kScoreStride)
        if (f == 0 || j + f < keys)
#pragma GCC unroll 2
          for (int v = 0; v < 2; ++v) {
            values[f][v] = Operands::exponential(subtract(load(score + v * kLanes), greatest[v]));
            totals[v] = add(totals[v], values[f][v]);
          }
      Operands::store_exponentials(values, to);
    }
    store(shares + i, divide(all(1 / Operands::kOne), totals[0]));
    store(shares + i + kLanes, divide(all(1 / Operands::kOne), totals[1]));
  }
}

/// sums = the products of a tile of exponentials with `columns` values from column d on, rounded up to whole vectors.
template <class Operands>
inline void multiply_values(const AttentionScratch<Operands>& scratch, std::int64_t i, std::int64_t d,
                            std::int64_t length, std::int64_t columns, float* sums) {
  const std::int64_t keys = elements_of<Operands>(length);
  for (std::int64_t j = 0; j < keys; j += smaller(Operands::kMostDepth, keys)) {
    const Operand<typename Operands::Element> a{scratch.exponentials + j * kScoreStride + i, kScoreStride,
                                                scratch.ones},
        b{scratch.v + j * scratch.context_columns + d, scratch.context_columns, scratch.v_scales + d};
    const std::int64_t depth = smaller(Operands::kMostDepth, keys - j);
    const auto multiply = [&]<Start kStart>(Constant<kStart>) {
      if (columns > kLanes)
        Operands::template multiply_tile<2, kStart>(a, b, depth, sums, kPanelColumns);
      else
        Operands::template multiply_tile<1, kStart>(a, b, depth, sums, kPanelColumns);
    };
    if (j == 0)
      multiply(Constant<Start::zero>{});
    else
      multiply(Constant<Start::result>{});
  }
}

/// context[i] = sum over j of the exponential of j and i, times v[j] * shares[i].
template <class Operands>
inline void write_context(const HeadAttention& call, const AttentionScratch<Operands>& scratch, std::int64_t first,
                          std::int64_t count, const float* shares) {
  float sums[kTileRows * kPanelColumns];
  for (std::int64_t i = 0; i < count; i += kTileRows)
    for (std::int64_t d = 0; d < call.head_dim; d += kPanelColumns) {
      const std::int64_t columns = smaller(kPanelColumns, call.head_dim - d);
      multiply_values(scratch, i, d, call.length, columns, sums);
      for (std::int64_t r = 0; r < smaller(kTileRows, count - i); ++r) {
        float* context = call.context + (first + i + r) * call.context_stride + d;
        for (std::int64_t x = 0; x < columns; ++x)
          context[x] = sums[r * kPanelColumns + x] * shares[i + r];
      }
    }
}

template <class Operands>
inline void pack_table_with(const TableColumns& call) {
  using Element = typename Operands::Element;
  const Operands operands(call.head_dim);
  const std::int64_t elements = elements_of<Operands>(call.head_dim);
  auto* packed = reinterpret_cast<Element*>(call.packed);
  auto* room = reinterpret_cast<Element*>(call.scratch);
  for (std::int64_t first = 0; first < call.columns; first += 8) {
    const auto row_at = [&](std::int64_t r) { return call.table + call.rows[first + r] * call.stride; };
    Element* to = packed + first / kPanelColumns * kPanelColumns * elements + first % kPanelColumns;
    transpose_rows(operands, row_at, call.head_dim, call.scale, to, kPanelColumns, call.scales + first, room,
                   round_up(call.head_dim, kLanes));
  }
}

void pack_table(const TableColumns& call) {
  if (call.products == AttentionProducts::int16)
    pack_table_with<ShortOperands>(call);
  else
    pack_table_with<FloatOperands>(call);
}

template <class Operands>
inline void attend_with(const HeadAttention& call) {
  const AttentionScratch<Operands> scratch(AttentionLayout(call.length, call.head_dim), call.head_dim, call.scratch);
  transpose(scratch.operands, call.k, call.qkv_stride, call.length, call.head_dim, 1, scratch.k, scratch.column_stride,
            scratch.k_scales, scratch.room, scratch.context_columns);
  Operands::copy_values(call, scratch.v, scratch.context_columns, scratch.v_scales);
  for (std::int64_t r = 0; r < kTileRows; ++r)
    scratch.ones[r] = 1;
  const std::int64_t blocks = (call.queries + kBlock - 1) / kBlock;
  const std::int64_t block = round_up((call.queries + blocks - 1) / blocks, kTileRows);
  float shares[kBlock + 2 * kLanes];
  for (std::int64_t first = 0; first < call.queries; first += block) {
    const std::int64_t count = smaller(block, call.queries - first);
    transpose(scratch.operands, call.q + first * call.qkv_stride, call.qkv_stride, count, call.head_dim, call.scale,
              scratch.q, kScoreStride, scratch.q_scales, scratch.room, scratch.context_columns);
    write_scores(call, scratch, first, count);
    exponentials(call.length, count, scratch, shares);
    write_context(call, scratch, first, count, shares);
  }
}

void attend(const HeadAttention& call) {
  if (call.products == AttentionProducts::int16)
    attend_with<ShortOperands>(call);
  else
    attend_with<FloatOperands>(call);
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
