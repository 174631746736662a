// Disentangled attention (He et al. 2021, equation 4) over packed sequences.
#pragma once

#include "checkpoint/config.hpp"
#include "kernels/dropout_mask.hpp"
#include "support/machine/stop_request.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// The relative tables of one layer, projected: they depend on weights alone.
/// Undefined where pos_att_type lacks the term.
struct RelativeTables {
  at::Tensor key;             ///< c2p: [rows, heads * head_dim]
  at::Tensor query;           ///< p2c: the same shape
  std::int64_t first_row = 0; ///< the relative_row that row 0 is; all rows of the batch's distances must be there
};

/// What attention needs to know besides tensors.
struct AttentionOptions {
  std::int64_t num_attention_heads = 1;
  double scale = 1; ///< of the scores: 1 / sqrt(head_dim * (1 + terms)), terms = elements of pos_att_type
  double dropout_probability = 0;
  std::optional<RandomStream> dropout; ///< of the probabilities; nothing: no dropout
  /// If not null: once it is true, the forward pass without gradients ends early, and its result is worth nothing.
  const StopRequest* stop = nullptr;
};

/// The options of a configuration, without dropout.
AttentionOptions attention_options(const DebertaConfig& config);

/// So many of `heads` that their products with all distances of `length` tokens, [heads, length, 2 * length], stay in
/// the caches; at least one.
std::int64_t heads_at_once(std::int64_t length, std::int64_t heads);

/// softmax((q k^T + c2p + p2c) * scale) v for each sequence and head, where
///   c2p[i, j] = q[i] . tables.key[relative_row(i - j)]
///   p2c[i, j] = k[j] . tables.query[relative_row(i - j)].
/// q, k, v and the result: [tokens, heads * head_dim]; sequence s holds the
/// tokens offsets[s] .. offsets[s + 1] - 1 and attends to itself only.
/// Any floating type. Differentiable with a backward pass written by hand: both
/// passes take one sequence a thread, on the CPU heads_at_once() of its heads at a time, and nothing of size
/// length x length is kept between them. The gradients' bits depend on the number of threads.
at::Tensor disentangled_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                  const DebertaConfig& config, const AttentionOptions& options);

/// The same in plain differentiable operators, one sequence after the other: the reference that tests hold
/// the other against.
at::Tensor disentangled_attention_reference(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                            const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                            const DebertaConfig& config, const AttentionOptions& options);

} // namespace sciexam
