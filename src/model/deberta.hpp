// DeBERTa-v2/v3 for multiple choice on LibTorch's operators: the network that trains, and the reference that the packed
// network (packed_deberta.hpp) and the device's (gpu/) are held against. Formulas after DebertaV2ForMultipleChoice of
// transformers (models/deberta_v2/modeling_deberta_v2.py); every parameter carries its Hugging Face name.
#pragma once

#include "checkpoint/config.hpp"
#include "model/dropout.hpp"
#include "model/layers.hpp"
#include "model/named_tensors.hpp"
#include "model/network_frame.hpp"
#include "model/network_io.hpp"
#include "model/relative_tables.hpp"
#include "support/machine/shared_stop.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// How the reference makes a pass. The defaults compute logits; training asks for the rest.
struct ForwardOptions {
  bool with_hidden_states = false;
  /// Dropout with the configuration's probabilities; null: none.
  const Dropout* dropout = nullptr;
  /// Layers keep only their input and recompute everything else in the backward pass (gradient checkpointing).
  bool checkpoint_layers = false;
  /// This many of the lowest layers want no gradient and take no part in the backward pass: the table of relative
  /// positions learns only from the others.
  std::int64_t frozen_layers = 0;
  /// The layers' dense parts compute in bf16 on f32 weights (MixedPrecision).
  bool bf16 = false;
  /// The rows of word_embeddings that are looked up become a leaf of their own (ReferenceOutput::word_rows).
  bool word_rows_apart = false;
  /// Those of project_tables(); null: projected in this pass.
  const std::vector<RelativeTables>* tables = nullptr;
  /// If set, called with the input of each group of dense layers (checkpoint/int8_tensors.hpp), [tokens, in_features].
  std::function<void(const std::string& group, const at::Tensor& input)> observe = nullptr;
};

struct ReferenceOutput : NetworkOutput {
  /// With word_rows_apart: [tokens, embedding_size]. After backward() its grad() is the gradient of these rows, and the
  /// table itself has none (it would be mostly zeros).
  at::Tensor word_rows = {};
};

/// Copies share their weights.
class DebertaForMultipleChoice {
public:
  /// All parameters exist, uninitialised, on the CPU, in `dtype`, without gradients.
  explicit DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype = at::kFloat);

  const DebertaConfig& config() const noexcept { return frame_.config(); }
  /// In the order of parameters_of(config). The tensors share storage with the network.
  const std::vector<NamedTensor>& parameters() const noexcept { return tensors_.all(); }
  /// Undefined if this configuration has no such parameter.
  at::Tensor parameter(const std::string& name) const { return tensors_.find(name); }

  /// Moves all parameters to a device, such as "cpu" or "cuda:1", before training starts. Throws UsageError if this
  /// LibTorch lacks it.
  void move_to(const std::string& device);

  /// Differentiable if gradients are enabled. Throws UsageError if a sequence is longer than an
  /// absolute position table allows, InternalError if an id is outside the vocabulary.
  ReferenceOutput forward(const PackedSequences& batch, const ForwardOptions& options = {}) const;
  /// The same, or nothing where `stop` ended it, which is asked before every layer and, where layers are not
  /// checkpointed, many times within it.
  std::optional<ReferenceOutput> forward_until(const StopRequest& stop, const PackedSequences& batch,
                                               const ForwardOptions& options = {}) const;

  /// The relative tables of all layers, complete, without gradient: valid until the weights change.
  std::vector<RelativeTables> project_tables() const;

private:
  struct Layer {
    Linear query_proj, key_proj, value_proj, attention_output, intermediate, output;
    RelativeProjections relative;
    LayerNorm attention_norm, output_norm;
  };

  Layer layer(std::int64_t index) const;
  at::Tensor run_layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& relative,
                       const PackedSequences& batch, const ForwardOptions& options, const SharedStop* stop) const;
  RelativeTables tables_of(std::size_t index, const at::Tensor& relative, const PackedSequences& batch,
                           const ForwardOptions& options) const;

  NamedTensors tensors_;
  NetworkFrame frame_;
  std::vector<Layer> layers_;
};

} // namespace sciexam::inline model
