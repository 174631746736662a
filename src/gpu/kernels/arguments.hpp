// The arguments of the larger kernels; the host fills in the same structures with device addresses.
#pragma once

namespace sciexam::inline gpu {

#ifdef __CUDA_ARCH__
using Half = __fp16;
template <class T>
using DeviceAddress = T*;
#else
struct Half;
template <class T>
using DeviceAddress = unsigned long long;
#endif

/// y = x w^T + bias, then GELU, then + residual. All but the bias f16; sizes and strides in elements. The remainder
/// of y after rounding, its rest, may be kept in f16 too; x may hold both, [first parts | rests], with w twice in a
/// row.
struct Product {
  DeviceAddress<const Half> x;        ///< [m, k], rows x_stride apart
  DeviceAddress<const Half> w;        ///< [n, k]
  DeviceAddress<const float> bias;    ///< [n]
  DeviceAddress<const Half> residual; ///< [m, n], rows y_stride apart; null: none
  DeviceAddress<Half> y;              ///< [m, n], rows y_stride apart
  int x_stride, y_stride;             ///< multiples of 8
  int rest;                           ///< from an element of y or residual to its rest; 0: there is none
  int m, n, k;                        ///< k is a multiple of 8, n of 2
  int gelu;                           ///< nonzero: GELU is applied
};

/// A product of training and what follows it, in this order: y = scale * product + bias, times GELU' of `inner`, times
/// dropout's mask, + residual; rounded to f16, with GELU of the rounded numbers beside it, or kept in f32. Strides and
/// batches in elements; every address but the mask's moves by its batch from one of the grid's z to the next. With a
/// mask there is one batch.
struct TrainingProduct {
  DeviceAddress<const Half> x, w;     ///< rows x_stride, w_stride apart: which counts the summands, the kernel says
  DeviceAddress<const float> bias;    ///< [n]; null: none. With a bias there is one batch
  DeviceAddress<const Half> inner;    ///< [m, n], rows y_stride apart: numbers that GELU was applied to; null: none
  DeviceAddress<const unsigned> mask; ///< a bit for each of m * n elements: kept; null: no dropout
  DeviceAddress<const Half> residual; ///< [m, n], rows y_stride apart, y itself if wanted; null: none
  DeviceAddress<const float> wide_residual; ///< the same in f32
  DeviceAddress<Half> y;                    ///< [m, n], rows y_stride apart
  DeviceAddress<Half> activated;            ///< the same: GELU of y; null: not wanted
  DeviceAddress<float> sums;                ///< in place of y, not rounded: [m, n], rows y_stride apart; null: y
  int add_to_sums;                          ///< nonzero: sums += the result
  int x_stride, w_stride, y_stride;         ///< multiples of 8
  int x_batch, w_batch, y_batch;
  int m, n, k;             ///< n is even; a multiple of 8 where it, m or k counts columns of a factor
  float scale, kept_scale; ///< kept_scale: of what dropout keeps
};

/// Disentangled attention of the blocks of 64 queries that `blocks` lists; dim is 32 or 64. With dim 32 rows of q, k,
/// tables and context are twice as long, their second half the rests of the first, and k's and v's rests lie half of
/// kv_stride further.
struct Attention {
  DeviceAddress<const Half> q;                      ///< [queries, heads * dim], rows q_stride apart
  DeviceAddress<const Half> k, v;                   ///< [tokens, heads * dim], rows kv_stride apart
  DeviceAddress<const Half> key_table, query_table; ///< c2p, p2c: [table_rows, heads * dim]; null: the term is left out
  /// The tables' row of the distance 0; before and after it, those of the other distances query - key, |distance| less
  /// than a sequence's length. Grows by at most one from distance to distance.
  DeviceAddress<const unsigned short> row_of_distance;
  DeviceAddress<const int> blocks;  ///< [grid, 2]: a sequence, and its first query in this block
  DeviceAddress<const int> offsets; ///< sequence s holds the tokens offsets[s] .. offsets[s + 1] - 1
  DeviceAddress<Half> context;      ///< [queries, heads * dim]
  int q_stride, kv_stride, table_rows;
  int first_tokens_only; ///< q and context have one row per sequence: that of its first token
  float scale;           ///< of the scores, times log2 e
};

/// Disentangled attention of training and its backward pass: blocks of 64 queries or keys; dim is 32 or 64.
struct TrainingAttention {
  DeviceAddress<const Half> q, k, v; ///< [tokens, heads * dim], rows qkv_stride apart
  /// [tokens, heads, strip_rows]: scale * log2 e * the products of a token's q (c2p) or k (p2c) with the tables' rows
  /// in reach of the batch's longest sequence; null: the term is left out.
  DeviceAddress<const Half> c2p, p2c;
  /// A strip's element for the distance 0; before and after it, those for the other distances query - key. Grows by at
  /// most one from distance to distance. Null: no term.
  DeviceAddress<const unsigned short> row_of_distance;
  DeviceAddress<const int> first_distances; ///< [strip_rows + 1]: the least distance of each element of a strip
  DeviceAddress<const int> blocks;          ///< [grid, 2]: a sequence, and the first query or key of this block
  DeviceAddress<const int> offsets;         ///< sequence s holds the tokens offsets[s] .. offsets[s + 1] - 1
  /// Dropout of the probabilities [heads, length, length] of sequence s: a bit for each, from bit mask_begins[s] on;
  /// null: none.
  DeviceAddress<const unsigned> mask;
  DeviceAddress<const long long> mask_begins;
  DeviceAddress<Half> context;   ///< [tokens, heads * dim], rows context_stride apart
  DeviceAddress<float> log_sums; ///< [heads, tokens]: log2 of each query's sum of 2^score: the backward pass reads it
  // Of the backward pass. Gradients have the shapes of what they belong to.
  DeviceAddress<const Half> d_context;
  DeviceAddress<const float> dots; ///< [heads, tokens]: d_context . context
  DeviceAddress<Half> d_q, d_k, d_v;
  DeviceAddress<Half> d_c2p, d_p2c; ///< of the scores that the elements stand for; null: the term is left out
  int tokens, qkv_stride, context_stride, strip_rows; ///< strip_rows is a multiple of 8
  float scale, kept_scale;                            ///< of the scores; of what dropout keeps
};

/// One step of AdamW (kernels/optimizer.hpp, AdamWStep) for `count` numbers; `halves` gets them in f16.
struct DeviceAdamW {
  DeviceAddress<float> parameter, exp_avg, exp_avg_sq; ///< [count]
  DeviceAddress<const float> gradient;                 ///< [count]; null: zeros
  DeviceAddress<Half> halves;                          ///< [count]; null: not wanted
  long long count;
  float beta1, beta2, rest1, rest2, epsilon, gradient_scale, step_size, root_scale, decay_before, decay_after;
};

} // namespace sciexam::inline gpu
