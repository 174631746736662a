// Disentangled attention (He et al. 2021, equation 4) over packed sequences.
#pragma once

#include "checkpoint/config.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// The relative tables of one layer, projected: they depend on weights alone.
/// Undefined where pos_att_type lacks the term.
struct RelativeTables {
  at::Tensor key;   ///< c2p: [2 * attention_span, heads * head_dim]
  at::Tensor query; ///< p2c: the same shape
};

/// softmax((q k^T + c2p + p2c) / sqrt(head_dim * (1 + terms))) v for each
/// sequence and head, where terms = the number of elements of pos_att_type and
///   c2p[i, j] = q[i] . tables.key[relative_row(i - j)]
///   p2c[i, j] = k[j] . tables.query[relative_row(i - j)].
/// q, k, v and the result: [tokens, heads * head_dim]; sequence s holds the
/// tokens offsets[s] .. offsets[s + 1] - 1 and attends to itself only.
/// This is the plain version: any device, any floating type, differentiable.
at::Tensor disentangled_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                  const DebertaConfig& config);

} // namespace sciexam
