// Disentangled attention (He et al. 2021, equation 4) over packed sequences.
#pragma once

#include "checkpoint/config.hpp"
#include "model/attention_options.hpp"
#include "model/relative_tables.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// How many of `heads` to take at once so that their products with all distances of `length` tokens,
/// [heads, length, 2 * length], stay in the caches; at least one.
std::int64_t heads_at_once(std::int64_t length, std::int64_t heads);

/// softmax((q k^T + c2p + p2c) * scale) v for each sequence and head, where
///   c2p[i, j] = q[i] . tables.key[relative_row(i - j)]
///   p2c[i, j] = k[j] . tables.query[relative_row(i - j)].
/// q, k, v and the result: [tokens, heads * head_dim]; sequence s holds the
/// tokens offsets[s] .. offsets[s + 1] - 1 and attends to itself only.
/// Any floating type. Differentiable, with a hand-written backward pass: both passes take one sequence per thread (on
/// the CPU heads_at_once() of its heads at a time), and nothing of size length x length is kept between them. The
/// gradients' bits depend on the number of threads.
at::Tensor disentangled_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                  const DebertaConfig& config, const AttentionOptions& options);

/// The same in plain differentiable operators, one sequence after the other: the reference for tests.
at::Tensor disentangled_attention_reference(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                            const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                            const DebertaConfig& config, const AttentionOptions& options);

} // namespace sciexam::inline model
