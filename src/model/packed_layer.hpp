// One layer of the packed network: its weights in the kernels' order, its steps fused.
#pragma once

#include "kernels/dense.hpp"
#include "kernels/packed_matrix.hpp"
#include "kernels/workspace.hpp"
#include "model/layers.hpp"
#include "model/relative_tables.hpp"
#include "support/machine/shared_stop.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// The weights of one layer.
struct PackedLayer {
  static constexpr std::size_t kMatrices = 4;

  /// `stored` is the format of each matrix, in the order of the members.
  PackedLayer(const DebertaConfig& config, const std::array<StoredWeights, kMatrices>& stored);

  PackedMatrix query_key_value; ///< query_proj, key_proj and value_proj as one product
  PackedMatrix attention_output, intermediate, output;
  LayerNorm attention_norm, output_norm;
  /// int16 after bf16 and int8 weights, which round more, so that attention does not take most of the time.
  AttentionProducts attention_products;
  RelativeProjections own_relative; ///< without share_att_key; with it the tables are projected by query_key_value

  std::array<PackedMatrix*, kMatrices> matrices() {
    return {&query_key_value, &attention_output, &intermediate, &output};
  }
};

/// The relative tables of a layer; relative.rows is contiguous.
RelativeTables project(const PackedLayer& layer, const RelativeRows& relative, const DebertaConfig& config,
                       Workspace& workspace);

/// True if layers of this configuration can be packed: only GELU is fused.
bool can_be_packed(const DebertaConfig& config);
/// True if their weights can be int8, too: for products over at most kMaxInt8Features features.
bool can_have_int8(const DebertaConfig& config);

/// Seconds that the parts of layers took.
struct LayerTimes {
  double projections = 0; ///< queries, keys and values
  double attention = 0;   ///< scores, both relative terms, softmax, contexts
  double tail = 0;        ///< output projection, feed-forward layer, both norms
};

/// What the layers of one pass have in common.
struct PackedPass {
  const DebertaConfig& config;
  const std::vector<std::int64_t>& offsets; ///< of the sequences
  Workspace& workspace;
  LayerTimes& times;      ///< the time of the layers is added
  const SharedStop* stop; ///< if not null: once it is true, a layer ends early and its result must not be used
};

/// The reference's run_layer(); hidden [tokens, hidden_size]. With `first_tokens_only` the result has only the first
/// token of each sequence, [sequences, hidden_size]: after the last layer no other is needed.
at::Tensor run_packed_layer(const PackedPass& pass, const PackedLayer& layer, const RelativeTables& tables,
                            const at::Tensor& hidden, bool first_tokens_only);

} // namespace sciexam::inline model
