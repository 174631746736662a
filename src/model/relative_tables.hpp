// The relative tables of disentangled attention: a layer's projections of the relative position embeddings.
#pragma once

#include "checkpoint/config.hpp"
#include "model/layers.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// The projected tables of one layer; they depend on weights alone. Undefined where pos_att_type lacks the term.
struct RelativeTables {
  at::Tensor key;             ///< c2p: [rows, heads * head_dim]
  at::Tensor query;           ///< p2c: the same shape
  std::int64_t first_row = 0; ///< the relative_row of row 0; the rows cover all distances of the batch
};

/// Some rows of the relative position embeddings.
struct RelativeRows {
  at::Tensor rows;            ///< [rows, hidden_size]
  std::int64_t first_row = 0; ///< the relative_row of the first one
};

/// The rows that sequences of up to `longest` tokens look at: a view.
RelativeRows rows_in_reach(const at::Tensor& relative_embeddings, std::int64_t longest, const DebertaConfig& config);

/// What projects relative position embeddings: key_proj and query_proj themselves (share_att_key), or pos_key_proj and
/// pos_query_proj.
struct RelativeProjections {
  Linear key, query;
};

/// first_row is that of `relative`.
RelativeTables project(const RelativeProjections& projections, const RelativeRows& relative,
                       const DebertaConfig& config);

} // namespace sciexam::inline model
