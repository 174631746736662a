#include "model/deberta.hpp"

#include "checkpoint/byte_tensors.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/relative_position.hpp"
#include "model/checkpointed.hpp"
#include "model/mixed_precision.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

namespace sciexam {
namespace {

constexpr const char* kEncoder = "deberta.encoder.";

/// The position of each token in its sequence.
at::Tensor positions(const PackedSequences& batch, const DebertaConfig& config) {
  if (batch.longest() > config.max_position_embeddings)
    throw UsageError("a sequence has " + counted(batch.longest(), "token") + ", but the model's position table has " +
                     counted(config.max_position_embeddings, "row") + ". Set a smaller --max-length");
  std::vector<std::int64_t> positions;
  for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s)
    for (std::int64_t i = 0; i < batch.offsets[s + 1] - batch.offsets[s]; ++i)
      positions.push_back(i);
  return at::tensor(positions, at::TensorOptions(at::kLong));
}

at::Tensor dropped(const at::Tensor& x, const ForwardOptions& options, double probability, DropoutSite site,
                   std::int64_t layer = 0) {
  return options.dropout == nullptr ? x : (*options.dropout)(x, probability, site, layer);
}

} // namespace

std::int64_t PackedSequences::longest() const {
  std::int64_t longest = 0;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s)
    longest = std::max(longest, offsets[s + 1] - offsets[s]);
  return longest;
}

DebertaForMultipleChoice::DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype)
    : DebertaForMultipleChoice(std::move(config), dtype, std::nullopt) {}

DebertaForMultipleChoice DebertaForMultipleChoice::for_answering(DebertaConfig config,
                                                                 const AnsweringWeights& weights) {
  const bool packed = can_be_packed(config);
  if (!packed && (!weights.bytes.empty() || weights.dense == StoredWeights::bf16))
    throw InternalError("weights of bytes or bf16 for layers that cannot be packed");
  return {std::move(config), at::kFloat, packed ? std::optional(weights) : std::nullopt};
}

DebertaForMultipleChoice::DebertaForMultipleChoice(DebertaConfig config, at::ScalarType dtype,
                                                   const std::optional<AnsweringWeights>& packed)
    : config_(std::move(config)) {
  const std::string embeddings = "deberta.embeddings.", encoder = kEncoder,
                    word_embeddings = embeddings + "word_embeddings.weight";
  if (packed)
    make_packed_layers(*packed);
  for (const TensorInfo& info : parameters_of(config_)) {
    const bool as_halves = packed && packed->half_embeddings && info.name == word_embeddings;
    parameters_.emplace_back(info.name, packed_rows_.contains(info.name)
                                            ? at::Tensor()
                                            : at::empty(info.shape, at::TensorOptions(as_halves ? at::kHalf : dtype)));
  }

  word_embeddings_ = parameter(word_embeddings);
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
  for (std::size_t i = 0; i < packed_layers_.size(); ++i) {
    packed_layers_[i].attention_norm = layers_[i].attention_norm;
    packed_layers_[i].output_norm = layers_[i].output_norm;
  }
  pooler_ = linear("pooler.dense");
  classifier_ = linear("classifier");
}

void DebertaForMultipleChoice::make_packed_layers(const AnsweringWeights& weights) {
  kept_ = std::make_unique<Kept>();
  const std::vector<DenseGroup> groups = dense_groups(config_);
  constexpr std::size_t kGroups = 4; // of each layer
  for (std::size_t first = 0; first < groups.size(); first += kGroups) {
    std::array<StoredWeights, kGroups> stored_as{};
    for (std::size_t i = 0; i < kGroups; ++i)
      stored_as[i] = weights.bytes.contains(groups[first + i].name) ? StoredWeights::int8 : weights.dense;
    packed_layers_.emplace_back(config_, stored_as);
  }
  using Part = PackedRows::Part;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    PackedLayer& layer = packed_layers_[i / kGroups];
    PackedMatrix& matrix =
        *std::array{&layer.query_key_value, &layer.attention_output, &layer.intermediate, &layer.output}[i % kGroups];
    std::int64_t row = 0;
    for (const std::string& name : groups[i].layers) {
      packed_rows_[name + ".weight"] = {&matrix, row, Part::weight};
      packed_rows_[name + ".bias"] = {&matrix, row, Part::bias};
      packed_rows_[name + ".weight_scale"] = {&matrix, row, Part::byte_scales};
      row += groups[i].out_features;
    }
    packed_rows_[groups[i].name + ".input_factor"] = {&matrix, 0, Part::input_factors};
  }
}

void DebertaForMultipleChoice::complete() {
  for (PackedLayer& layer : packed_layers_)
    for (PackedMatrix* matrix : {&layer.query_key_value, &layer.attention_output, &layer.intermediate, &layer.output})
      matrix->complete();
}

WeightPlace DebertaForMultipleChoice::place_of(const std::string& name) {
  if (const auto rows = packed_rows_.find(name); rows != packed_rows_.end())
    return rows->second;
  return parameter(name);
}

void DebertaForMultipleChoice::move_to(const std::string& device) {
  try {
    const at::NoGradGuard no_grad;
    const at::Device target(device);
    for (const auto& [name, tensor] : parameters_) // in place: layers and parameters_ share the tensors
      tensor.set_data(tensor.to(target));
  } catch (const c10::Error& error) {
    throw UsageError("--device " + device + ": " + error.what_without_backtrace() +
                     ". Give cpu, or build against a LibTorch for this device (CONTRIBUTING.md)");
  }
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

at::Tensor DebertaForMultipleChoice::embed(const PackedSequences& batch, const ForwardOptions& options) const {
  const at::Device device = word_embeddings_.device();
  at::Tensor embedded = at::embedding(word_embeddings_, batch.input_ids.to(device));
  if (is_packed())
    embedded = embedded.to(at::kFloat);
  if (options.word_rows != nullptr)
    *options.word_rows = embedded = embedded.detach().requires_grad_(true);
  if (position_embeddings_.defined())
    embedded = embedded + at::embedding(position_embeddings_, positions(batch, config_).to(device));
  if (token_type_embeddings_.defined())
    embedded = embedded + at::embedding(token_type_embeddings_, batch.token_type_ids.to(device));
  if (embedding_projection_.weight.defined())
    embedded = embedding_projection_(embedded);
  return dropped(embeddings_norm_(embedded), options, config_.hidden_dropout_prob, DropoutSite::embeddings);
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
  if (!config_.relative_attention || is_packed())
    return;
  const at::Tensor embeddings = relative_embeddings();
  for (const Layer& layer : layers_)
    frozen_tables_.push_back(project(layer, embeddings));
}

/// The rows of relative embeddings that sequences of up to `longest` tokens look at, and the first one's number.
std::pair<at::Tensor, std::int64_t> DebertaForMultipleChoice::rows_in_reach(const at::Tensor& relative,
                                                                            std::int64_t longest) const {
  const std::int64_t first = relative_row(1 - longest, config_), last = relative_row(longest - 1, config_);
  return {relative.narrow(0, first, last - first + 1), first};
}

/// Of a packed network: tables for sequences of up to `longest` tokens. A row's bits do not depend on the others.
void DebertaForMultipleChoice::project_for(std::int64_t longest) const {
  if (longest <= kept_->longest)
    return;
  const auto reach = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(longest))); // seldom again
  const auto [in_reach, first] = rows_in_reach(relative_embeddings(), reach);
  const at::Tensor rows = in_reach.contiguous();
  kept_->longest = 0; // until all are there: memory may run out, and smaller batches follow
  kept_->tables.clear();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    kept_->tables.push_back(config_.share_att_key ? project_shared(packed_layers_[i], rows, config_, kept_->workspace)
                                                  : project(layers_[i], rows));
    kept_->tables.back().first_row = first;
  }
  kept_->longest = reach;
}

/// The projected tables of one layer: those kept, or, while weights change, projected now. In training only the
/// rows in reach of the batch's longest sequence are; otherwise all, so that no bit depends on the batch.
RelativeTables DebertaForMultipleChoice::tables_of(std::size_t index, const at::Tensor& relative,
                                                   const PackedSequences& batch, const ForwardOptions& options) const {
  if (!frozen_tables_.empty())
    return frozen_tables_[index];
  if (!relative.defined())
    return {};
  if (!relative.requires_grad() && options.dropout == nullptr)
    return project(layers_[index], relative);
  const auto [in_reach, first] = rows_in_reach(relative, batch.longest());
  const at::Tensor rows = dropped(in_reach, options, config_.hidden_dropout_prob, DropoutSite::relative_embeddings,
                                  static_cast<std::int64_t>(index));
  RelativeTables tables = project(layers_[index], rows);
  tables.first_row = first;
  return tables;
}

at::Tensor DebertaForMultipleChoice::run_layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& relative,
                                               const PackedSequences& batch, const ForwardOptions& options,
                                               const StopRequest* stop) const {
  const MixedPrecision precision(options.bf16, hidden.device()); // here, so that it holds when a checkpoint is rerun
  const Layer& layer = layers_[index];
  const auto number = static_cast<std::int64_t>(index);
  AttentionOptions attention = attention_options(config_);
  attention.stop = stop;
  if (options.dropout != nullptr && config_.attention_probs_dropout_prob > 0) {
    attention.dropout_probability = config_.attention_probs_dropout_prob;
    attention.dropout = options.dropout->stream(DropoutSite::attention_probabilities, number);
  }
  const double probability = config_.hidden_dropout_prob;
  const auto observed = [&](const char* group, const at::Tensor& input) {
    if (options.observe)
      options.observe(kEncoder + ("layer." + std::to_string(index)) + group, input);
  };
  observed(".attention.self", hidden);
  const at::Tensor context =
      disentangled_attention(layer.query_proj(hidden), layer.key_proj(hidden), layer.value_proj(hidden),
                             tables_of(index, relative, batch, options), batch.offsets, config_, attention);
  observed(".attention.output.dense", context);
  const at::Tensor attended = layer.attention_norm(
      dropped(layer.attention_output(context), options, probability, DropoutSite::attention_output, number) + hidden);
  observed(".intermediate.dense", attended);
  const at::Tensor inner = activation(config_.hidden_act, layer.intermediate(attended));
  observed(".output.dense", inner);
  return layer.output_norm(dropped(layer.output(inner), options, probability, DropoutSite::layer_output, number) +
                           attended);
}

/// ConvLayer of the reference, which stands beside the first layer: a convolution over the
/// embeddings of each sequence, added to that layer's output.
at::Tensor DebertaForMultipleChoice::convolve(const at::Tensor& embedded, const at::Tensor& hidden,
                                              const PackedSequences& batch, const ForwardOptions& options) const {
  std::vector<at::Tensor> convolved;
  const std::vector<std::int64_t>& offsets = batch.offsets;
  const std::int64_t padding = (config_.conv_kernel_size - 1) / 2;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const at::Tensor sequence = embedded.narrow(0, offsets[s], offsets[s + 1] - offsets[s]).t().unsqueeze(0);
    convolved.push_back(at::conv1d(sequence, convolution_weight_, convolution_bias_, 1, padding, 1, config_.conv_groups)
                            .squeeze(0)
                            .t());
  }
  const at::Tensor dropped_out =
      dropped(at::cat(convolved), options, config_.hidden_dropout_prob, DropoutSite::convolution);
  return convolution_norm_(hidden + activation(config_.conv_act, dropped_out));
}

NetworkOutput DebertaForMultipleChoice::forward(const PackedSequences& batch, const ForwardOptions& options) const {
  NetworkOutput out;
  const auto keep = [&](const at::Tensor& hidden) {
    if (options.with_hidden_states)
      out.hidden_states.push_back(hidden);
  };
  const at::Tensor embedded = embed(batch, options);
  keep(embedded);

  if (is_packed() && config_.relative_attention)
    project_for(batch.longest());
  const bool project_tables = config_.relative_attention && frozen_tables_.empty() && !is_packed();
  const at::Tensor relative = project_tables ? relative_embeddings() : at::Tensor();
  at::Tensor hidden = embedded;
  // The pooler looks at each sequence's first token only: the last packed layer need not compute more.
  const bool first_tokens_only =
      is_packed() && !options.with_hidden_states && (layers_.size() > 1 || !convolution_weight_.defined());
  const StopRequest stop_request(options.stop);
  // A checkpointed layer runs again after this call has ended.
  const StopRequest* stop = options.stop && !options.checkpoint_layers ? &stop_request : nullptr;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (stop_request())
      return {};
    const auto run = [=, this](const at::Tensor& x, const at::Tensor& table) {
      return run_layer(i, x, table, batch, options, stop);
    };
    if (is_packed())
      hidden = run_packed_layer({config_, batch.offsets, kept_->workspace, options.times, stop}, packed_layers_[i],
                                config_.relative_attention ? kept_->tables[i] : RelativeTables{}, hidden,
                                i + 1 == layers_.size() && first_tokens_only);
    else if (static_cast<std::int64_t>(i) < options.frozen_layers)
      hidden = run(hidden.detach(), relative.defined() ? relative.detach() : relative);
    else
      hidden = options.checkpoint_layers ? checkpointed(run, hidden, relative) : run(hidden, relative);
    if (i == 0 && convolution_weight_.defined())
      hidden = convolve(embedded, hidden, batch, options);
    keep(hidden);
  }
  if (stop_request.stopped()) // within the last layer
    return {};

  const at::Tensor first = dropped(first_tokens_only ? hidden : first_tokens(hidden, batch.offsets), options,
                                   config_.pooler_dropout, DropoutSite::pooler);
  out.pooled = activation(config_.pooler_hidden_act, pooler_(first));
  out.logits =
      classifier_(dropped(out.pooled, options, config_.classifier_dropout(), DropoutSite::classifier)).squeeze(-1);
  return out;
}

} // namespace sciexam
