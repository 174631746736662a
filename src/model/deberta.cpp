#include "model/deberta.hpp"

#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

namespace sciexam {

DebertaForMultipleChoice::DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype)
    : config_(std::move(config)) {
  for (const TensorInfo& info : parameters_of(config_))
    parameters_.emplace_back(info.name, at::empty(info.shape, at::TensorOptions(dtype)));

  const std::string embeddings = "deberta.embeddings.", encoder = "deberta.encoder.";
  word_embeddings_ = parameter(embeddings + "word_embeddings.weight");
  position_embeddings_ = parameter(embeddings + "position_embeddings.weight");
  token_type_embeddings_ = parameter(embeddings + "token_type_embeddings.weight");
  embedding_projection_ = linear(embeddings + "embed_proj");
  embeddings_norm_ = layer_norm(embeddings + "LayerNorm");
  relative_embeddings_ = parameter(encoder + "rel_embeddings.weight");
  relative_norm_ = layer_norm(encoder + "LayerNorm");
  convolution_weight_ = parameter(encoder + "conv.conv.weight");
  convolution_bias_ = parameter(encoder + "conv.conv.bias");
  convolution_norm_ = layer_norm(encoder + "conv.LayerNorm");
  for (std::int64_t i = 0; i < config_.num_hidden_layers; ++i) {
    const std::string layer = encoder + "layer." + std::to_string(i) + ".", self = layer + "attention.self.";
    layers_.push_back({.query_proj = linear(self + "query_proj"),
                       .key_proj = linear(self + "key_proj"),
                       .value_proj = linear(self + "value_proj"),
                       .pos_key_proj = linear(self + "pos_key_proj"),
                       .pos_query_proj = linear(self + "pos_query_proj"),
                       .attention_output = linear(layer + "attention.output.dense"),
                       .intermediate = linear(layer + "intermediate.dense"),
                       .output = linear(layer + "output.dense"),
                       .attention_norm = layer_norm(layer + "attention.output.LayerNorm"),
                       .output_norm = layer_norm(layer + "output.LayerNorm")});
  }
  pooler_ = linear("pooler.dense");
  classifier_ = linear("classifier");
}

at::Tensor DebertaForMultipleChoice::parameter(const std::string& name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const NamedTensor& entry) { return entry.first == name; });
  return found == parameters_.end() ? at::Tensor() : found->second;
}

Linear DebertaForMultipleChoice::linear(const std::string& name) const {
  return {parameter(name + ".weight"), parameter(name + ".bias")};
}

LayerNorm DebertaForMultipleChoice::layer_norm(const std::string& name) const {
  return {parameter(name + ".weight"), parameter(name + ".bias"), config_.layer_norm_eps};
}

at::Tensor DebertaForMultipleChoice::embed(const PackedSequences& batch) const {
  at::Tensor embedded = at::embedding(word_embeddings_, batch.input_ids);
  if (position_embeddings_.defined()) {
    std::vector<std::int64_t> positions;
    for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
      const std::int64_t length = batch.offsets[s + 1] - batch.offsets[s];
      if (length > config_.max_position_embeddings)
        throw UsageError("a sequence has " + std::to_string(length) + " tokens, but the model's position table has " +
                         std::to_string(config_.max_position_embeddings) + " rows. Set a smaller --max-length");
      for (std::int64_t i = 0; i < length; ++i)
        positions.push_back(i);
    }
    embedded = embedded + at::embedding(position_embeddings_, at::tensor(positions, batch.input_ids.options()));
  }
  if (token_type_embeddings_.defined())
    embedded = embedded + at::embedding(token_type_embeddings_, batch.token_type_ids);
  if (embedding_projection_.weight.defined())
    embedded = embedding_projection_(embedded);
  return embeddings_norm_(embedded);
}

at::Tensor DebertaForMultipleChoice::relative_embeddings() const {
  return relative_norm_.weight.defined() ? relative_norm_(relative_embeddings_) : relative_embeddings_;
}

RelativeTables DebertaForMultipleChoice::project(const Layer& layer, const at::Tensor& relative_embeddings) const {
  RelativeTables tables;
  if (!relative_embeddings.defined())
    return tables;
  if (config_.c2p)
    tables.key = (config_.share_att_key ? layer.key_proj : layer.pos_key_proj)(relative_embeddings);
  if (config_.p2c)
    tables.query = (config_.share_att_key ? layer.query_proj : layer.pos_query_proj)(relative_embeddings);
  return tables;
}

void DebertaForMultipleChoice::freeze_relative_tables() {
  const at::NoGradGuard no_grad;
  frozen_tables_.clear();
  if (!config_.relative_attention)
    return;
  const at::Tensor embeddings = relative_embeddings();
  for (const Layer& layer : layers_)
    frozen_tables_.push_back(project(layer, embeddings));
}

at::Tensor DebertaForMultipleChoice::run_layer(const Layer& layer, const at::Tensor& hidden,
                                               const RelativeTables& tables,
                                               const std::vector<std::int64_t>& offsets) const {
  const at::Tensor context = disentangled_attention(layer.query_proj(hidden), layer.key_proj(hidden),
                                                    layer.value_proj(hidden), tables, offsets, config_);
  const at::Tensor attended = layer.attention_norm(layer.attention_output(context) + hidden);
  const at::Tensor inner = activation(config_.hidden_act, layer.intermediate(attended));
  return layer.output_norm(layer.output(inner) + attended);
}

/// ConvLayer of the reference, which stands beside the first layer: a convolution over the
/// embeddings of each sequence, added to that layer's output.
at::Tensor DebertaForMultipleChoice::convolve(const at::Tensor& embedded, const at::Tensor& hidden,
                                              const std::vector<std::int64_t>& offsets) const {
  std::vector<at::Tensor> convolved;
  const std::int64_t padding = (config_.conv_kernel_size - 1) / 2;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const at::Tensor sequence = embedded.narrow(0, offsets[s], offsets[s + 1] - offsets[s]).t().unsqueeze(0);
    convolved.push_back(at::conv1d(sequence, convolution_weight_, convolution_bias_, 1, padding, 1, config_.conv_groups)
                            .squeeze(0)
                            .t());
  }
  return convolution_norm_(hidden + activation(config_.conv_act, at::cat(convolved)));
}

NetworkOutput DebertaForMultipleChoice::forward(const PackedSequences& batch, bool with_hidden_states) const {
  NetworkOutput out;
  const auto keep = [&](const at::Tensor& hidden) {
    if (with_hidden_states)
      out.hidden_states.push_back(hidden);
  };
  const at::Tensor embedded = embed(batch);
  keep(embedded);

  const bool frozen = !frozen_tables_.empty();
  const at::Tensor relative = config_.relative_attention && !frozen ? relative_embeddings() : at::Tensor();
  at::Tensor hidden = embedded;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    hidden = run_layer(layers_[i], hidden, frozen ? frozen_tables_[i] : project(layers_[i], relative), batch.offsets);
    if (i == 0 && convolution_weight_.defined())
      hidden = convolve(embedded, hidden, batch.offsets);
    keep(hidden);
  }

  // The pooler looks at each sequence's first token, [CLS], only.
  const at::Tensor starts =
      at::tensor(at::ArrayRef<std::int64_t>(batch.offsets.data(), batch.offsets.size() - 1), batch.input_ids.options());
  out.pooled = activation(config_.pooler_hidden_act, pooler_(hidden.index_select(0, starts)));
  out.logits = classifier_(out.pooled).squeeze(-1);
  return out;
}

} // namespace sciexam
