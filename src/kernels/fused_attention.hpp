// Disentangled attention on the CPU for answering: scores, both relative terms, softmax and context in one pass per
// sequence and head, on packed sequences.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/workers.hpp"
#include "kernels/workspace.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace sciexam::inline kernels {

struct FusedAttention {
  const KernelTable* kernels = &kernel_table();
  /// [tokens, heads * head_dim] each, rows qkv_stride apart.
  const float *q = nullptr, *k = nullptr, *v = nullptr;
  std::int64_t qkv_stride = 0, heads = 0, head_dim = 0;
  float scale = 1;
  AttentionProducts products = AttentionProducts::f32;
  /// Projected tables, [rows, heads * head_dim], or null: q is multiplied by the first (c2p), k by the second (p2c).
  const float *key_table = nullptr, *query_table = nullptr;
  /// The tables' row for a distance query - key (relative_row() of relative_position.hpp).
  std::function<std::int64_t(std::int64_t)> table_row;
  /// Sequence s holds the tokens offsets[s] .. offsets[s + 1] - 1.
  std::span<const std::int64_t> offsets;
  /// The number of tokens of each sequence to compute, from the first on; their contexts are packed one after the
  /// other.
  std::int64_t queries = INT64_MAX;
  float* context = nullptr; ///< [tokens or queries of all sequences, heads * head_dim]
};

/// context = softmax((q k^T + c2p + p2c) * scale) v. The bits of a sequence's context depend neither on the other
/// sequences nor on the workers. Throws std::bad_alloc.
void fused_attention(const FusedAttention& call, const Workers& workers, Workspace& workspace);

} // namespace sciexam::inline kernels
