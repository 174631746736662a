// DeBERTa-v2/v3 for multiple choice: the one definition of the network, for
// answering and for training. Formulas after DebertaV2ForMultipleChoice of
// transformers (models/deberta_v2/modeling_deberta_v2.py); every parameter
// carries its Hugging Face name.
#pragma once

#include "checkpoint/config.hpp"
#include "model/disentangled_attention.hpp"
#include "model/layers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// Token sequences laid end to end: no padding exists anywhere.
struct PackedSequences {
  at::Tensor input_ids;                 ///< [tokens], int64
  at::Tensor token_type_ids;            ///< [tokens], int64; unused if type_vocab_size is 0
  std::vector<std::int64_t> offsets{0}; ///< sequence s holds tokens offsets[s] .. offsets[s + 1] - 1

  std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

/// What one pass through the network gives.
struct NetworkOutput {
  at::Tensor logits;                     ///< [sequences]: one score an option
  at::Tensor pooled;                     ///< [sequences, pooler_hidden_size]
  std::vector<at::Tensor> hidden_states; ///< if asked for: embeddings and every layer, [tokens, hidden_size] each
};

class DebertaForMultipleChoice {
public:
  using NamedTensor = std::pair<std::string, at::Tensor>;

  /// All parameters exist, uninitialised, on the CPU, in `dtype`, without gradients.
  explicit DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype = at::kFloat);

  const DebertaConfig& config() const noexcept { return config_; }
  /// In the order of parameters_of(config). The tensors share storage with the network.
  const std::vector<NamedTensor>& parameters() const noexcept { return parameters_; }

  /// Differentiable if gradients are enabled. Throws UsageError if a sequence is longer than an
  /// absolute position table allows, InternalError if an id is outside of the vocabulary.
  NetworkOutput forward(const PackedSequences& batch, bool with_hidden_states = false) const;

  /// Projects the relative tables of all layers now and keeps them: for answering, after the
  /// weights are loaded and while they do not change.
  void freeze_relative_tables();

private:
  struct Layer {
    Linear query_proj, key_proj, value_proj, pos_key_proj, pos_query_proj, attention_output, intermediate, output;
    LayerNorm attention_norm, output_norm;
  };

  at::Tensor parameter(const std::string& name) const; ///< undefined if this configuration has none
  Linear linear(const std::string& name) const;
  LayerNorm layer_norm(const std::string& name) const;
  at::Tensor embed(const PackedSequences& batch) const;
  at::Tensor run_layer(const Layer& layer, const at::Tensor& hidden, const RelativeTables& tables,
                       const std::vector<std::int64_t>& offsets) const;
  at::Tensor convolve(const at::Tensor& embedded, const at::Tensor& hidden,
                      const std::vector<std::int64_t>& offsets) const;
  at::Tensor relative_embeddings() const;
  RelativeTables project(const Layer& layer, const at::Tensor& relative_embeddings) const;

  DebertaConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor word_embeddings_, position_embeddings_, token_type_embeddings_, relative_embeddings_;
  Linear embedding_projection_, pooler_, classifier_;
  LayerNorm embeddings_norm_, relative_norm_, convolution_norm_;
  at::Tensor convolution_weight_, convolution_bias_;
  std::vector<Layer> layers_;
  std::vector<RelativeTables> frozen_tables_;
};

} // namespace sciexam
