#include "model/packed_deberta.hpp"

#include "checkpoint/int8_tensors.hpp"
#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"

#include <array>
#include <bit>
#include <utility>

#include <ATen/ops/empty.h>

namespace sciexam::inline model {
namespace {

std::vector<PackedLayer> empty_layers(const DebertaConfig& config, const PackedFormats& formats) {
  if (!can_be_packed(config))
    throw InternalError("a network with hidden_act " + config.hidden_act + " cannot be packed");
  std::vector<PackedLayer> layers;
  const std::vector<DenseGroup> groups = dense_groups(config);
  for (std::size_t first = 0; first < groups.size(); first += PackedLayer::kMatrices) {
    std::array<StoredWeights, PackedLayer::kMatrices> stored{};
    for (std::size_t i = 0; i < PackedLayer::kMatrices; ++i)
      stored[i] = formats.int8_groups.contains(groups[first + i].name) ? StoredWeights::int8 : formats.dense;
    layers.emplace_back(config, stored);
  }
  return layers;
}

/// The rows of the layers' matrices, by the names of the parameters that they hold.
std::map<std::string, PackedRows> rows_by_name(const DebertaConfig& config, std::vector<PackedLayer>& layers) {
  std::map<std::string, PackedRows> rows;
  const std::vector<DenseGroup> groups = dense_groups(config);
  using Part = PackedRows::Part;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    PackedMatrix* matrix = layers[i / PackedLayer::kMatrices].matrices()[i % PackedLayer::kMatrices];
    std::int64_t row = 0;
    for (const std::string& name : groups[i].layers) {
      rows.insert({name + ".weight", {matrix, row, Part::weight}});
      rows.insert({name + ".bias", {matrix, row, Part::bias}});
      rows.insert({name + ".weight_scale", {matrix, row, Part::int8_scales}});
      row += groups[i].out_features;
    }
    rows.insert({groups[i].name + ".input_factor", {matrix, 0, Part::input_factors}});
  }
  return rows;
}

NamedTensors other_parameters(const DebertaConfig& config, const std::map<std::string, PackedRows>& packed,
                              bool f16_embeddings) {
  NamedTensors tensors;
  for (const TensorInfo& info : parameters_of(config))
    if (!packed.contains(info.name)) {
      const bool is_f16 = f16_embeddings && info.name == kWordEmbeddings;
      tensors.add(info.name, at::empty(info.shape, at::TensorOptions(is_f16 ? at::kHalf : at::kFloat)));
    }
  return tensors;
}

} // namespace

PackedDeberta::PackedDeberta(DebertaConfig config, const PackedFormats& formats)
    : layers_(empty_layers(config, formats)), packed_rows_(rows_by_name(config, layers_)),
      tensors_(other_parameters(config, packed_rows_, formats.f16_embeddings)), frame_(std::move(config), tensors_) {
  const double eps = this->config().layer_norm_eps;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string name = layer_prefix(static_cast<std::int64_t>(i)), self = name + "attention.self.";
    layers_[i].attention_norm = tensors_.layer_norm(name + "attention.output.LayerNorm", eps);
    layers_[i].output_norm = tensors_.layer_norm(name + "output.LayerNorm", eps);
    if (!this->config().share_att_key)
      layers_[i].own_relative = {tensors_.linear(self + "pos_key_proj"), tensors_.linear(self + "pos_query_proj")};
  }
}

WeightPlace PackedDeberta::place_of(const std::string& name) {
  if (const auto rows = packed_rows_.find(name); rows != packed_rows_.end())
    return rows->second;
  return tensors_.find(name);
}

void PackedDeberta::complete() {
  for (PackedLayer& layer : layers_)
    for (PackedMatrix* matrix : layer.matrices())
      matrix->complete();
}

LayerTimes PackedDeberta::take_times() {
  return std::exchange(times_, {});
}

/// Tables for sequences of up to `longest` tokens. A row's bits do not depend on the others.
void PackedDeberta::project_for(std::int64_t longest) {
  if (longest <= tables_reach_)
    return;
  const auto reach = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(longest))); // rarely repeated
  RelativeRows relative = rows_in_reach(frame_.relative_embeddings(), reach, config());
  relative.rows = relative.rows.contiguous();
  tables_reach_ = 0; // until all are there: memory may run out, and smaller batches follow
  tables_.clear();
  for (const PackedLayer& layer : layers_)
    tables_.push_back(project(layer, relative, config(), workspace_));
  tables_reach_ = reach;
}

std::optional<NetworkOutput> PackedDeberta::run(const PackedSequences& batch, const AnsweringOptions& options) {
  NetworkOutput out;
  const auto keep = [&](const at::Tensor& hidden) {
    if (options.with_hidden_states)
      out.hidden_states.push_back(hidden);
  };
  const at::Tensor embedded = frame_.embed(frame_.look_up_words(batch).to(at::kFloat), batch);
  keep(embedded);
  if (config().relative_attention)
    project_for(batch.longest());

  // The pooler looks at each sequence's first token only: the last layer need not compute more.
  const bool first_tokens_only = !options.with_hidden_states && (layers_.size() > 1 || !frame_.has_convolution());
  const SharedStop stop(options.stop);
  const PackedPass pass{config(), batch.offsets, workspace_, times_, options.stop ? &stop : nullptr};
  at::Tensor hidden = embedded;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (stop())
      return std::nullopt;
    hidden = run_packed_layer(pass, layers_[i], config().relative_attention ? tables_[i] : RelativeTables{}, hidden,
                              i + 1 == layers_.size() && first_tokens_only);
    if (i == 0 && frame_.has_convolution())
      hidden = frame_.add_convolved(hidden, frame_.convolve(embedded, batch.offsets));
    keep(hidden);
  }
  if (stop.stopped()) // within the last layer
    return std::nullopt;
  out.pooled = frame_.pool(first_tokens_only ? hidden : first_tokens(hidden, batch.offsets));
  out.logits = frame_.classify(out.pooled);
  return out;
}

} // namespace sciexam::inline model
