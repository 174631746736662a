// A layer of the network made ready for answering on the CPU: its weights in the kernels' order, its steps fused.
#pragma once

#include "kernels/dense.hpp"
#include "kernels/packed_matrix.hpp"
#include "kernels/workspace.hpp"
#include "model/disentangled_attention.hpp"
#include "model/layers.hpp"
#include "support/machine/stop_request.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// LibTorch's threads.
Workers torch_workers();

/// The weights of one layer of DebertaForMultipleChoice::run_layer().
struct PackedLayer {
  /// `stored` says it for each, in the order of the members.
  PackedLayer(const DebertaConfig& config, const std::array<StoredWeights, 4>& stored);

  PackedMatrix query_key_value; ///< query_proj, key_proj and value_proj as one product
  PackedMatrix attention_output, intermediate, output;
  LayerNorm attention_norm, output_norm;
};

/// The tables of a layer whose key_proj and query_proj project relative embeddings too (share_att_key), from
/// relative_embeddings [rows, hidden_size].
RelativeTables project_shared(const PackedLayer& layer, const at::Tensor& relative_embeddings,
                              const DebertaConfig& config, Workspace& workspace);

/// The rows of hidden [tokens, hidden_size] that are the first of a sequence, [CLS].
at::Tensor first_tokens(const at::Tensor& hidden, const std::vector<std::int64_t>& offsets);

/// True if layers of this configuration can be packed: only GELU is fused.
bool can_be_packed(const DebertaConfig& config);
/// True if their weights can be bytes, too: products of at most kMostByteFeatures.
bool can_have_bytes(const DebertaConfig& config);

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
  LayerTimes* times;       ///< what layers take is added, if it is not null
  const StopRequest* stop; ///< if not null: once it is true, a layer ends early and its result is worth nothing
};

/// What run_layer() computes; hidden [tokens, hidden_size]. With `first_tokens_only` the result has only the first
/// token of each sequence, [sequences, hidden_size]: after the last layer no other is looked at.
at::Tensor run_packed_layer(const PackedPass& pass, const PackedLayer& layer, const RelativeTables& tables,
                            const at::Tensor& hidden, bool first_tokens_only);

} // namespace sciexam
