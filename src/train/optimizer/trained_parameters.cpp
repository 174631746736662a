#include "train/optimizer/trained_parameters.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace sciexam::inline train {
namespace {

constexpr std::string_view kEmbeddings = "deberta.embeddings.", kLayer = "deberta.encoder.layer.";

/// The number in "deberta.encoder.layer.N. ...".
std::optional<std::int64_t> layer_of(std::string_view name) {
  if (!name.starts_with(kLayer))
    return std::nullopt;
  std::int64_t layer = 0;
  std::from_chars(name.data() + kLayer.size(), name.data() + name.size(), layer);
  return layer;
}

bool is_relative(std::string_view name) {
  return name == "deberta.encoder.rel_embeddings.weight" || name.starts_with("deberta.encoder.LayerNorm.");
}

bool is_bias_or_norm(std::string_view name) {
  return name.ends_with(".bias") || name.find("LayerNorm.") != std::string_view::npos;
}

} // namespace

bool is_frozen(std::string_view name, const TrainingSettings& settings) {
  if (const auto layer = layer_of(name))
    return *layer < settings.freeze_layers;
  return (settings.freeze_embeddings && name.starts_with(kEmbeddings)) ||
         (settings.freeze_relative_embeddings && is_relative(name)) ||
         // the convolution stands beside the first layer
         (settings.freeze_layers > 0 && name.starts_with("deberta.encoder.conv."));
}

bool is_perturbed(const TrainedParameter& parameter) {
  return parameter.name.starts_with(kLayer) && parameter.tensor.dim() == 2;
}

double layerwise_scale(const std::string& name, std::int64_t num_hidden_layers, double layerwise_lr_decay) {
  double distance = 0; // pooler and classifier
  if (const auto layer = layer_of(name))
    distance = static_cast<double>(num_hidden_layers - *layer);
  else if (name.starts_with("deberta.")) // embeddings, the relative table, the convolution
    distance = static_cast<double>(num_hidden_layers + 1);
  return std::pow(layerwise_lr_decay, distance);
}

std::vector<TrainedParameter> trained_parameters(const DebertaForMultipleChoice& network,
                                                 const TrainingSettings& settings) {
  std::vector<TrainedParameter> trained;
  for (const auto& [name, tensor] : network.parameters()) {
    const bool frozen = is_frozen(name, settings), in_rows = name == kWordEmbeddings && tensor.is_cpu();
    tensor.set_requires_grad(!frozen && !in_rows);
    if (frozen)
      continue;
    const bool decays = settings.decay_bias_and_norm || !is_bias_or_norm(name);
    trained.push_back({name, tensor,
                       layerwise_scale(name, network.config().num_hidden_layers, settings.layerwise_lr_decay),
                       decays ? settings.weight_decay : 0, in_rows});
  }
  return trained;
}

} // namespace sciexam::inline train
