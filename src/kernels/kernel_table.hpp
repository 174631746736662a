// The kernels of one instruction set. One source (per_isa/) is compiled once for each; nothing else knows
// how wide its vectors are.
#pragma once

#include <cstdint>

namespace sciexam::inline kernels {

/// How packed weights are stored. f16 takes half the memory; products are still f32. bf16: products are bf16. int8:
/// products are int8.
enum class StoredWeights { f32, f16, bf16, int8 };

/// Packed weights: panels of panel_columns output features. `stored` says which member of the union is valid.
struct WeightPanels {
  StoredWeights stored = StoredWeights::f32;
  union {
    const float* f32 = nullptr; ///< [panel][in_features][panel_columns]
    const std::uint16_t* f16;   ///< the same shape
    /// [panel][in_features / 2, rounded up][panel_columns][2]. x is rounded to bf16 too, and the products of pairs
    /// are summed in f32.
    const std::int32_t* bf16;
    /// [panel][in_features / 4, rounded up][panel_columns][4]; a weight is Int8Scales::outputs times its number. Each
    /// row of x, times Int8Scales::inputs, is rounded to int8 with a scale of its own, the products are summed in
    /// integers, and only the sums are scaled.
    const std::int8_t* int8;
  };
};

/// What goes with int8 weights.
struct Int8Scales {
  const float* outputs = nullptr;        ///< [panels * panel_columns]
  const std::int32_t* surplus = nullptr; ///< [panels * panel_columns], 128 times the sum of an output's weights
  const float* inputs = nullptr;         ///< [in_features]
};

/// y = x weight^T + bias for some rows, then GELU if asked for.
struct DenseRows {
  const float* x = nullptr; ///< [rows, in_features], x_stride apart
  float* y = nullptr;       ///< [rows, out_features], y_stride apart
  std::int64_t x_stride = 0, y_stride = 0;
  std::int64_t rows = 0, in_features = 0, out_features = 0;
  WeightPanels weight = {};
  Int8Scales int8_scales = {}; ///< for int8 weights only
  const float* bias = nullptr; ///< [panels * panel_columns], zeros at the end
  /// y becomes y * (1 + erf(y / sqrt(2))) / 2: to 6e-6 where weights are bf16 or int8, else to 2e-7 of it.
  bool gelu = false;
  float* scratch = nullptr; ///< dense_scratch(rows) floats, aligned
};

/// y = LayerNorm(x + residual) over rows of `size`, each matrix's at a stride of its own; y may be x or residual.
struct NormRows {
  const float *x = nullptr, *residual = nullptr, *weight = nullptr, *bias = nullptr;
  float* y = nullptr;
  std::int64_t x_stride = 0, residual_stride = 0, y_stride = 0;
  std::int64_t rows = 0, size = 0;
  float eps = 0;
};

/// What tokens are multiplied by, for each distance d of two of them, -(length - 1) .. length - 1. Far distances share
/// rows of the table with their neighbours: adjacent distances with the same row are one column here.
struct DistanceTable {
  union {
    const float* f32 = nullptr;  ///< [panel][head_dim][panel_columns]
    const std::int32_t* shorts;  ///< [panel][head_dim / 2, rounded up][panel_columns][2]
  } columns = {};                ///< as HeadAttention::products says
  const float* scales = nullptr; ///< of integers, [panels * panel_columns]
  /// [d], rising by 0 or 1; both ends repeat kDistanceMargin times more. Null: there is no such term.
  const std::int32_t* column_of = nullptr;
};
inline constexpr std::int64_t kDistanceMargin = 64;

/// What attention multiplies. int16: each row of q, k and the tables, each column of v and the exponentials are rounded
/// to 16-bit integers with a scale of their own, whose products are summed exactly; scores, softmax and its sums are
/// f32. An instruction for them, or two without VNNI, does twice the work of one for f32, and their error is smaller
/// than bf16's: of a row's largest element 2^-13, where bf16's is 2^-9 of each.
enum class AttentionProducts { f32, int16 };

/// The largest integer that rows of head_dim elements are rounded to: sums of their products fit into 32 bits.
inline float short_limit(std::int64_t head_dim) {
  const double most = __builtin_sqrt(2147483647.0 / static_cast<double>(head_dim));
  return static_cast<float>(static_cast<std::int32_t>(most < 32767 ? most : 32767));
}

/// Disentangled attention of one head of one sequence (see fused_attention.hpp).
struct HeadAttention {
  const float *q = nullptr, *k = nullptr, *v = nullptr; ///< [length, head_dim] each, rows qkv_stride apart
  std::int64_t qkv_stride = 0, length = 0, head_dim = 0;
  std::int64_t queries = 0; ///< only for the first so many rows of q
  /// Of the scores; for int16 products times log2(e): their exponentials are powers of two.
  float scale = 1;
  AttentionProducts products = AttentionProducts::f32;
  DistanceTable key_table = {};   ///< by d = j - i
  DistanceTable query_table = {}; ///< by d = i - j, times scale
  float* context = nullptr;       ///< [queries, head_dim]
  std::int64_t context_stride = 0;
  float* scratch = nullptr; ///< attention_scratch(length, head_dim) floats, aligned
};

/// Rows of a table of one head, brought into the order of DistanceTable::columns.
struct TableColumns {
  const float* table = nullptr; ///< its rows of head_dim elements, `stride` apart
  std::int64_t stride = 0, head_dim = 0;
  const std::int64_t* rows = nullptr; ///< [columns], which to take
  std::int64_t columns = 0;           ///< a multiple of panel_columns
  float scale = 1;                    ///< of all elements
  AttentionProducts products = AttentionProducts::f32;
  float* packed = nullptr;  ///< [columns * head_dim] floats, or half as many, rounded up, of pairs of integers
  float* scales = nullptr;  ///< [columns], for integers
  float* scratch = nullptr; ///< attention_scratch(1, head_dim) floats, aligned
};

/// How rows are best split into chunks for a kernel.
struct RowChunks {
  std::int64_t tile; ///< rows that it computes at once: multiples of it waste nothing
  std::int64_t most; ///< rows that stay in the second-level cache
};

struct KernelTable {
  RowChunks exact, rounded;   ///< rows for weights of f32 and f16, and for those of bf16 and int8
  std::int64_t panel_columns; ///< of packed weights
  std::int64_t (*dense_scratch)(std::int64_t rows);
  void (*dense)(const DenseRows& call);
  void (*add_and_normalise)(const NormRows& call);
  std::int64_t (*attention_scratch)(std::int64_t length, std::int64_t head_dim);
  void (*pack_table)(const TableColumns& call);
  void (*attend)(const HeadAttention& call);
};

/// That of chosen_isa().
const KernelTable& kernel_table();

namespace per_isa { // one file per instruction set
extern const KernelTable kAvx2Kernels, kAvx512Kernels, kAvx512VnniKernels, kAvx512Bf16Kernels, kAvx512AmxKernels;
}

} // namespace sciexam::inline kernels
