// What surrounds the layers, the same in every network: embeddings, the table of relative positions, the
// convolution beside the first layer, pooler and classifier. Formulas after DebertaV2ForMultipleChoice of transformers
// (models/deberta_v2/modeling_deberta_v2.py). Each step ends where training puts its dropout.
#pragma once

#include "checkpoint/config.hpp"
#include "model/layers.hpp"
#include "model/named_tensors.hpp"
#include "model/network_io.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

inline constexpr const char* kWordEmbeddings = "deberta.embeddings.word_embeddings.weight";

/// "deberta.encoder.layer.INDEX."
std::string layer_prefix(std::int64_t index);

class NetworkFrame {
public:
  /// Shares the storage of the `tensors`, which have all parameters of the configuration but the layers'.
  NetworkFrame(DebertaConfig config, const NamedTensors& tensors);

  const DebertaConfig& config() const noexcept { return config_; }

  /// The rows of word_embeddings, [tokens, embedding_size], in the table's type. Throws InternalError if an id is
  /// outside the vocabulary.
  at::Tensor look_up_words(const PackedSequences& batch) const;
  /// These with positions and token types added, projected and normalised, [tokens, hidden_size]. Throws UsageError if
  /// a sequence is longer than a table of absolute positions.
  at::Tensor embed(const at::Tensor& words, const PackedSequences& batch) const;

  /// The table of relative positions as the layers project it, [relative rows, hidden_size].
  at::Tensor relative_embeddings() const;

  bool has_convolution() const noexcept { return convolution_weight_.defined(); }
  /// Over the embeddings of each sequence.
  at::Tensor convolve(const at::Tensor& embedded, const std::vector<std::int64_t>& offsets) const;
  /// Adds that to the first layer's output.
  at::Tensor add_convolved(const at::Tensor& hidden, const at::Tensor& convolved) const;

  /// Of first tokens, [sequences, hidden_size] -> [sequences, pooler_hidden_size].
  at::Tensor pool(const at::Tensor& first) const;
  /// -> [sequences]
  at::Tensor classify(const at::Tensor& pooled) const;

private:
  DebertaConfig config_;
  at::Tensor word_embeddings_, position_embeddings_, token_type_embeddings_, relative_embeddings_;
  Linear embedding_projection_, pooler_, classifier_;
  LayerNorm embeddings_norm_, relative_norm_, convolution_norm_;
  at::Tensor convolution_weight_, convolution_bias_;
};

} // namespace sciexam::inline model
