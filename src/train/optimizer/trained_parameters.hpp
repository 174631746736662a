// Which parameters a run trains, and how fast each moves.
#pragma once

#include "model/deberta.hpp"
#include "train/manifest/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline train {

struct TrainedParameter {
  std::string name;
  at::Tensor tensor; ///< shares storage with the network
  double learning_rate_scale = 1;
  double weight_decay = 0;
  bool in_rows = false; ///< the word embeddings, on the CPU: their gradient comes as RowGradients
};

/// The parameters that the settings do not freeze, in the network's order; these alone require gradients from now on
/// (but for the word embeddings, see ForwardOptions::word_rows_apart). Parameters without an effect (pos_att_type lacks
/// the term) are kept: their gradient stays undefined.
std::vector<TrainedParameter> trained_parameters(const DebertaForMultipleChoice& network,
                                                 const TrainingSettings& settings);

/// True if adversarial weight perturbation moves it: the encoder's dense weights.
bool is_perturbed(const TrainedParameter& parameter);

/// True if the settings keep the parameter of this name as it is.
bool is_frozen(std::string_view name, const TrainingSettings& settings);

/// learning_rate_scale of one parameter: layerwise_lr_decay to the power of its distance from the head.
double layerwise_scale(const std::string& name, std::int64_t num_hidden_layers, double layerwise_lr_decay);

} // namespace sciexam::inline train
