// Disentangled attention of one sequence, and its backward pass: what disentangled_attention.hpp does for a batch.
#pragma once

#include "checkpoint/config.hpp"
#include "model/attention_options.hpp"
#include "model/relative_tables.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// Rows of the tables for one length, by distance i - j = length - 1 .. -length (2 * length of them, see skew()).
struct DistanceRows {
  at::Tensor key;   ///< of tables.key for distance i - j, int64
  at::Tensor query; ///< of tables.query for distance j - i, int64: the mirror image
};

DistanceRows distance_rows(std::int64_t length, std::int64_t first_row, const DebertaConfig& config, at::Device device);

/// q, k, v of one sequence, [length, heads * head_dim] each, for some or all of a layer's heads; the tables of these
/// heads; and the start of their dropout masks.
struct SequenceInput {
  std::int64_t heads = 0;
  at::Tensor q, k, v;
  RelativeTables tables;
  DistanceRows rows;
  std::uint64_t first_mask_element = 0;
};

/// Attention probabilities [heads, length, length] before dropout.
at::Tensor attention_probabilities(const SequenceInput& input, const AttentionOptions& options);

/// The context, [length, heads * head_dim].
at::Tensor attend(const SequenceInput& input, const AttentionOptions& options);

/// Gradients of one sequence.
struct SequenceGradients {
  at::Tensor q, k, v;
};

/// The backward pass for `gradient` of the context [length, heads * head_dim]; recomputes what attend()
/// computed. The tables' gradients are added to `table_gradients`, which have the shape of input.tables.
SequenceGradients attend_backward(const SequenceInput& input, const AttentionOptions& options,
                                  const at::Tensor& gradient, const RelativeTables& table_gradients);

} // namespace sciexam::inline model
