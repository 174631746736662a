// DeBERTa-v2/v3 for multiple choice: the one definition of the network, for
// answering and for training. Formulas after DebertaV2ForMultipleChoice of
// transformers (models/deberta_v2/modeling_deberta_v2.py); every parameter
// carries its Hugging Face name.
#pragma once

#include "checkpoint/config.hpp"
#include "model/disentangled_attention.hpp"
#include "model/dropout.hpp"
#include "model/layers.hpp"
#include "model/packed_layer.hpp"
#include "model/weight_place.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// Token sequences laid end to end: no padding exists anywhere. The tensors are on the CPU, wherever the network is.
struct PackedSequences {
  at::Tensor input_ids;                 ///< [tokens], int64
  at::Tensor token_type_ids;            ///< [tokens], int64; unused if type_vocab_size is 0
  std::vector<std::int64_t> offsets{0}; ///< sequence s holds tokens offsets[s] .. offsets[s + 1] - 1

  std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  /// Tokens of the longest sequence.
  std::int64_t longest() const;
};

/// What one pass through the network gives.
struct NetworkOutput {
  at::Tensor logits;                     ///< [sequences]: one score an option
  at::Tensor pooled;                     ///< [sequences, pooler_hidden_size]
  std::vector<at::Tensor> hidden_states; ///< if asked for: embeddings and every layer, [tokens, hidden_size] each
};

/// How a pass is made. The defaults answer; training asks for the rest.
struct ForwardOptions {
  bool with_hidden_states = false;
  /// Dropout with the configuration's probabilities; null: none.
  const Dropout* dropout = nullptr;
  /// Layers keep their input alone and compute everything else again in the backward pass (gradient checkpointing).
  bool checkpoint_layers = false;
  /// This many layers from below, whose parameters ask for no gradient, take no part in the backward pass: the table of
  /// relative positions learns from the others alone.
  std::int64_t frozen_layers = 0;
  /// The layers' dense parts compute in bf16 on f32 weights (MixedPrecision); not for answering.
  bool bf16 = false;
  /// If set, gets the rows of word_embeddings that were looked up, [tokens, embedding_size], as a leaf: after
  /// backward() its grad() is the gradient of the rows, and the table itself gets none (it would be mostly zeros).
  at::Tensor* word_rows = nullptr;
  /// If set, and the network is packed, what its layers take is added.
  LayerTimes* times = nullptr;
  /// If set, asked before every layer and many times within it, on the caller's thread: once it is true, forward()
  /// returns soon, with undefined logits.
  std::function<bool()> stop = nullptr;
  /// If set, told what each group of dense layers (checkpoint/byte_tensors.hpp) gets, [tokens, in_features]; not by a
  /// packed network.
  std::function<void(const std::string& group, const at::Tensor& input)> observe = nullptr;
};

/// How a network for answering keeps its weights.
struct AnsweringWeights {
  StoredWeights dense = StoredWeights::f32; ///< those of the layers' dense parts
  std::set<std::string> bytes = {};         ///< the dense groups that have weights of one byte instead
  bool half_embeddings = false;             ///< word embeddings as f16, else as f32
};

class DebertaForMultipleChoice {
public:
  using NamedTensor = std::pair<std::string, at::Tensor>;

  /// All parameters exist, uninitialised, on the CPU, in `dtype`, without gradients.
  explicit DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype = at::kFloat);

  /// For answering on the CPU alone, one pass at a time: the layers' dense weights have their place in the order of the
  /// CPU's kernels. Where that cannot be (can_be_packed()), a network as any other; then weights must be none of bytes
  /// or bf16.
  static DebertaForMultipleChoice for_answering(DebertaConfig config, const AnsweringWeights& weights);

  const DebertaConfig& config() const noexcept { return config_; }
  /// True if layers are packed.
  bool is_packed() const noexcept { return !packed_layers_.empty(); }
  /// In the order of parameters_of(config). The tensors share storage with the network; those are undefined whose
  /// elements are in packed layers.
  const std::vector<NamedTensor>& parameters() const noexcept { return parameters_; }
  /// Where the elements of a parameter are to be put. Valid while the network lives and is not moved.
  WeightPlace place_of(const std::string& name);
  /// To be called once all elements are in their places.
  void complete();

  /// Moves all parameters to a device, such as "cpu" or "cuda:1"; before training starts. Throws UsageError if this
  /// LibTorch does not have it.
  void move_to(const std::string& device);

  /// Differentiable if gradients are enabled. Throws UsageError if a sequence is longer than an
  /// absolute position table allows, InternalError if an id is outside of the vocabulary.
  NetworkOutput forward(const PackedSequences& batch, const ForwardOptions& options = {}) const;

  /// Projects the relative tables of all layers now and keeps them: while the weights do not change. (A packed network
  /// does so by itself, as far as its sequences reach.)
  void freeze_relative_tables();
  /// Undoes freeze_relative_tables(): before weights change again.
  void thaw_relative_tables() { frozen_tables_.clear(); }

private:
  /// If `packed` says how weights are stored, layers are packed.
  DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype, const std::optional<AnsweringWeights>& packed);

  struct Layer {
    Linear query_proj, key_proj, value_proj, pos_key_proj, pos_query_proj, attention_output, intermediate, output;
    LayerNorm attention_norm, output_norm;
  };

  at::Tensor parameter(const std::string& name) const; ///< undefined if this configuration has none
  Linear linear(const std::string& name) const;
  LayerNorm layer_norm(const std::string& name) const;
  at::Tensor embed(const PackedSequences& batch, const ForwardOptions& options) const;
  at::Tensor run_layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& relative,
                       const PackedSequences& batch, const ForwardOptions& options, const StopRequest* stop) const;
  at::Tensor convolve(const at::Tensor& embedded, const at::Tensor& hidden, const PackedSequences& batch,
                      const ForwardOptions& options) const;
  at::Tensor relative_embeddings() const;
  void make_packed_layers(const AnsweringWeights& weights);
  std::pair<at::Tensor, std::int64_t> rows_in_reach(const at::Tensor& relative, std::int64_t longest) const;
  void project_for(std::int64_t longest) const;
  RelativeTables project(const Layer& layer, const at::Tensor& relative_embeddings) const;
  RelativeTables tables_of(std::size_t index, const at::Tensor& relative, const PackedSequences& batch,
                           const ForwardOptions& options) const;

  DebertaConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor word_embeddings_, position_embeddings_, token_type_embeddings_, relative_embeddings_;
  Linear embedding_projection_, pooler_, classifier_;
  LayerNorm embeddings_norm_, relative_norm_, convolution_norm_;
  at::Tensor convolution_weight_, convolution_bias_;
  std::vector<Layer> layers_;
  std::vector<RelativeTables> frozen_tables_;
  std::vector<PackedLayer> packed_layers_;        ///< instead of the layers' weights
  std::map<std::string, PackedRows> packed_rows_; ///< of each parameter that is there
  /// What passes of a packed network leave for the next one.
  struct Kept {
    std::int64_t longest = 0;           ///< sequence for which the tables reach
    std::vector<RelativeTables> tables; ///< of each layer
    Workspace workspace;
  };
  std::unique_ptr<Kept> kept_;
};

} // namespace sciexam
