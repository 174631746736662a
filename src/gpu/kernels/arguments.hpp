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

} // namespace sciexam::inline gpu
