#include "model/deberta.hpp"

#include "checkpoint/parameters.hpp"
#include "model/checkpointed.hpp"
#include "model/disentangled_attention.hpp"
#include "model/mixed_precision.hpp"
#include "support/errors.hpp"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

namespace sciexam::inline model {
namespace {

NamedTensors empty_parameters(const DebertaConfig& config, at::ScalarType dtype) {
  NamedTensors tensors;
  for (const TensorInfo& info : parameters_of(config))
    tensors.add(info.name, at::empty(info.shape, at::TensorOptions(dtype)));
  return tensors;
}

at::Tensor dropped(const at::Tensor& x, const ForwardOptions& options, double probability, DropoutSite site,
                   std::int64_t layer = 0) {
  return options.dropout == nullptr ? x : (*options.dropout)(x, probability, site, layer);
}

} // namespace

DebertaForMultipleChoice::DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype)
    : tensors_(empty_parameters(config, dtype)), frame_(std::move(config), tensors_) {
  for (std::int64_t i = 0; i < this->config().num_hidden_layers; ++i)
    layers_.push_back(layer(i));
}

DebertaForMultipleChoice::Layer DebertaForMultipleChoice::layer(std::int64_t index) const {
  const std::string name = layer_prefix(index), self = name + "attention.self.";
  const double eps = config().layer_norm_eps;
  Layer layer{.query_proj = tensors_.linear(self + "query_proj"),
              .key_proj = tensors_.linear(self + "key_proj"),
              .value_proj = tensors_.linear(self + "value_proj"),
              .attention_output = tensors_.linear(name + "attention.output.dense"),
              .intermediate = tensors_.linear(name + "intermediate.dense"),
              .output = tensors_.linear(name + "output.dense"),
              .relative = {},
              .attention_norm = tensors_.layer_norm(name + "attention.output.LayerNorm", eps),
              .output_norm = tensors_.layer_norm(name + "output.LayerNorm", eps)};
  if (config().share_att_key)
    layer.relative = {layer.key_proj, layer.query_proj};
  else
    layer.relative = {tensors_.linear(self + "pos_key_proj"), tensors_.linear(self + "pos_query_proj")};
  return layer;
}

void DebertaForMultipleChoice::move_to(const std::string& device) {
  try {
    const at::NoGradGuard no_grad;
    const at::Device target(device);
    for (const auto& [name, tensor] : parameters()) // in place: frame and layers share the tensors
      tensor.set_data(tensor.to(target));
  } catch (const c10::Error& error) {
    throw UsageError("--device " + device + ": " + error.what_without_backtrace() +
                     ". Give cpu, or build against a LibTorch for this device (CONTRIBUTING.md)");
  }
}

std::vector<RelativeTables> DebertaForMultipleChoice::project_tables() const {
  const at::NoGradGuard no_grad;
  std::vector<RelativeTables> tables(layers_.size());
  if (!config().relative_attention)
    return tables;
  const RelativeRows relative{frame_.relative_embeddings(), 0};
  for (std::size_t i = 0; i < layers_.size(); ++i)
    tables[i] = project(layers_[i].relative, relative, config());
  return tables;
}

/// The projected tables of one layer: those given, or, while weights change, projected now. In training only the
/// rows in reach of the batch's longest sequence are; otherwise all, so that no bit depends on the batch.
RelativeTables DebertaForMultipleChoice::tables_of(std::size_t index, const at::Tensor& relative,
                                                   const PackedSequences& batch, const ForwardOptions& options) const {
  if (options.tables != nullptr)
    return options.tables->at(index);
  if (!relative.defined())
    return {};
  if (!relative.requires_grad() && options.dropout == nullptr)
    return project(layers_[index].relative, {relative, 0}, config());
  RelativeRows reached = rows_in_reach(relative, batch.longest(), config());
  reached.rows = dropped(reached.rows, options, config().hidden_dropout_prob, DropoutSite::relative_embeddings,
                         static_cast<std::int64_t>(index));
  return project(layers_[index].relative, reached, config());
}

at::Tensor DebertaForMultipleChoice::run_layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& relative,
                                               const PackedSequences& batch, const ForwardOptions& options,
                                               const SharedStop* stop) const {
  const MixedPrecision precision(options.bf16, hidden.device()); // here, so that it holds when a checkpoint is rerun
  const Layer& layer = layers_[index];
  const auto number = static_cast<std::int64_t>(index);
  AttentionOptions attention = attention_options(config());
  attention.stop = stop;
  if (options.dropout != nullptr && config().attention_probs_dropout_prob > 0) {
    attention.dropout_probability = config().attention_probs_dropout_prob;
    attention.dropout = options.dropout->stream(DropoutSite::attention_probabilities, number);
  }
  const double probability = config().hidden_dropout_prob;
  const auto observed = [&](const char* group, const at::Tensor& input) {
    if (options.observe)
      options.observe(layer_prefix(number) + group, input);
  };
  observed("attention.self", hidden);
  const at::Tensor context =
      disentangled_attention(layer.query_proj(hidden), layer.key_proj(hidden), layer.value_proj(hidden),
                             tables_of(index, relative, batch, options), batch.offsets, config(), attention);
  observed("attention.output.dense", context);
  const at::Tensor attended = layer.attention_norm(
      dropped(layer.attention_output(context), options, probability, DropoutSite::attention_output, number) + hidden);
  observed("intermediate.dense", attended);
  const at::Tensor inner = activation(config().hidden_act, layer.intermediate(attended));
  observed("output.dense", inner);
  return layer.output_norm(dropped(layer.output(inner), options, probability, DropoutSite::layer_output, number) +
                           attended);
}

ReferenceOutput DebertaForMultipleChoice::forward(const PackedSequences& batch, const ForwardOptions& options) const {
  return *forward_until(nullptr, batch, options);
}

std::optional<ReferenceOutput> DebertaForMultipleChoice::forward_until(const StopRequest& stop,
                                                                       const PackedSequences& batch,
                                                                       const ForwardOptions& options) const {
  ReferenceOutput out;
  const auto keep = [&](const at::Tensor& hidden) {
    if (options.with_hidden_states)
      out.hidden_states.push_back(hidden);
  };
  at::Tensor words = frame_.look_up_words(batch);
  if (options.word_rows_apart)
    out.word_rows = words = words.detach().requires_grad_(true);
  const at::Tensor embedded =
      dropped(frame_.embed(words, batch), options, config().hidden_dropout_prob, DropoutSite::embeddings);
  keep(embedded);

  const bool project_now = config().relative_attention && options.tables == nullptr;
  const at::Tensor relative = project_now ? frame_.relative_embeddings() : at::Tensor();
  at::Tensor hidden = embedded;
  const SharedStop shared_stop(stop);
  // A checkpointed layer runs again after this call has ended.
  const SharedStop* within = stop && !options.checkpoint_layers ? &shared_stop : nullptr;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (shared_stop())
      return std::nullopt;
    const auto run = [=, this](const at::Tensor& x, const at::Tensor& table) { // copies: a checkpoint outlives the pass
      return run_layer(i, x, table, batch, options, within);
    };
    if (static_cast<std::int64_t>(i) < options.frozen_layers)
      hidden = run(hidden.detach(), relative.defined() ? relative.detach() : relative);
    else
      hidden = options.checkpoint_layers ? checkpointed(run, hidden, relative) : run(hidden, relative);
    if (i == 0 && frame_.has_convolution())
      hidden = frame_.add_convolved(hidden, dropped(frame_.convolve(embedded, batch.offsets), options,
                                                    config().hidden_dropout_prob, DropoutSite::convolution));
    keep(hidden);
  }
  if (shared_stop.stopped()) // within the last layer
    return std::nullopt;

  out.pooled =
      frame_.pool(dropped(first_tokens(hidden, batch.offsets), options, config().pooler_dropout, DropoutSite::pooler));
  out.logits = frame_.classify(dropped(out.pooled, options, config().classifier_dropout(), DropoutSite::classifier));
  return out;
}

} // namespace sciexam::inline model
