// The kernels of one instruction set. One source (per_isa/) is compiled once for each; nothing else knows
// how wide its vectors are.
#pragma once

#include <cstdint>

namespace sciexam {

/// y = x weight^T + bias for some rows, then GELU if asked for.
struct DenseRows {
  const float* x = nullptr; ///< [rows, in_features]
  std::int64_t rows = 0, in_features = 0, out_features = 0;
  /// Packed: panels of panel_columns output features, [panel][in_features][panel_columns]. As f32 or as f16.
  const float* weight = nullptr;
  const std::uint16_t* half_weight = nullptr;
  /// Or as bf16, [panel][in_features / 2, rounded up][panel_columns][2]. x is then rounded to bf16 too, and products of
  /// pairs are summed in f32.
  const std::int32_t* pair_weight = nullptr;
  /// Or as int8, [panel][in_features / 4, rounded up][panel_columns][4], in units of byte_scales[output feature]. Each
  /// row of x, times input_factors, is then rounded to int8 with a scale of its own, the products are summed as
  /// integers, and only the sums are scaled.
  const std::int8_t* byte_weight = nullptr;
  const float* byte_scales = nullptr;         ///< [panels * panel_columns]
  const std::int32_t* byte_surplus = nullptr; ///< [panels * panel_columns], 128 times the sum of an output's weights
  const float* input_factors = nullptr;       ///< [in_features]
  const float* bias = nullptr;                ///< [panels * panel_columns], zeros at the end
  bool gelu = false;                          ///< x * (1 + erf(x / sqrt(2))) / 2
  float* y = nullptr;                         ///< [rows, out_features]
  float* scratch = nullptr;                   ///< dense_scratch(rows) floats, aligned
};

/// y = LayerNorm(x + residual) over rows of `size`; y may be x or residual.
struct NormRows {
  const float *x = nullptr, *residual = nullptr, *weight = nullptr, *bias = nullptr;
  float eps = 0;
  std::int64_t rows = 0, size = 0;
  float* y = nullptr;
};

/// The relative table that tokens are multiplied by, by the distance d between two tokens, -(length - 1) .. length - 1.
/// Large distances share rows of the table: adjacent distances with the same row are one column here.
struct DistanceTable {
  const float* columns = nullptr; ///< [panel][head_dim][panel_columns]; null: the term is absent
  /// [d], rising by 0 or 1; both ends repeat kDistanceMargin times more.
  const std::int32_t* column_of = nullptr;
};
inline constexpr std::int64_t kDistanceMargin = 64;

/// Disentangled attention of one head of one sequence (see fused_attention.hpp).
struct HeadAttention {
  const float *q = nullptr, *k = nullptr, *v = nullptr; ///< [length, head_dim] each, rows qkv_stride apart
  std::int64_t qkv_stride = 0, length = 0, head_dim = 0;
  std::int64_t queries = 0; ///< number of rows of q to compute, from the first on
  float scale = 1;
  DistanceTable key_table = {};   ///< by d = j - i
  DistanceTable query_table = {}; ///< by d = i - j, times scale
  float* context = nullptr;       ///< [queries, head_dim]
  std::int64_t context_stride = 0;
  float* scratch = nullptr; ///< attention_scratch(length, head_dim) floats, aligned
};

/// The best sizes of chunks of rows for a kernel.
struct RowChunks {
  std::int64_t tile; ///< rows computed at once: multiples of it waste nothing
  std::int64_t most; ///< the most that stay in the second-level cache
};

struct KernelTable {
  RowChunks exact, rounded;   ///< for f32 and f16 weights, and for bf16 and int8 ones
  std::int64_t panel_columns; ///< of packed weights
  std::int64_t (*dense_scratch)(std::int64_t rows);
  void (*dense)(const DenseRows& call);
  void (*add_and_normalise)(const NormRows& call);
  std::int64_t (*attention_scratch)(std::int64_t length, std::int64_t head_dim);
  void (*attend)(const HeadAttention& call);
};

/// The kernels of chosen_isa().
const KernelTable& kernel_table();

namespace per_isa { // one file per instruction set
extern const KernelTable kAvx2Kernels, kAvx512Kernels, kAvx512VnniKernels, kAvx512Bf16Kernels, kAvx512AmxKernels;
}

} // namespace sciexam
