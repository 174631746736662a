// The settings of one training run, and the one table of their names that
// manifests, the command line and reports share.
#pragma once

#include "support/text/json.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sciexam::inline train {

/// Names are those of Hugging Face's TrainingArguments where it has the setting. Defaults: the public closed-book
/// recipe.
struct TrainingSettings {
  // Length and order.
  double num_train_epochs = 3;
  std::int64_t max_steps = -1; ///< optimiser steps; below 1: num_train_epochs decides
  std::int64_t batch_size = 2; ///< questions per optimiser step (transformers: batch size times accumulation steps)
  std::int64_t token_budget = 4096; ///< tokens per forward pass: larger batches are accumulated from several passes
  bool group_by_length = false;     ///< batches of questions of similar length
  /// Training questions whose options average fewer characters are left out: what resembles the exam teaches its
  /// style.
  std::int64_t least_option_length = 0;
  /// Each epoch trains every question with one of its first so many contexts (context_draw.hpp), which makes better
  /// readers than the best context alone; 1: the first alone. Validation reads the first.
  std::int64_t contexts_per_question = 1;
  std::int64_t seed = 0; ///< of the order, the contexts, dropout and fresh weights

  // Learning rate.
  double learning_rate = 5e-6;
  std::string lr_scheduler_type = "linear"; ///< "linear", "cosine" or "constant", after the warmup
  double warmup_ratio = 0.8;                ///< of all steps
  double layerwise_lr_decay = 1;            ///< the rate of a layer is that of the one above times this

  // AdamW.
  std::string optim = "adamw_torch"; ///< "adamw_torch", or "adamw_hf": transformers' own before 2024
  double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;
  double weight_decay = 0;
  bool decay_bias_and_norm = false; ///< decay biases and LayerNorm too
  double max_grad_norm = 1;         ///< 0: gradients are not clipped

  // Regularisation.
  double label_smoothing_factor = 0;
  double hidden_dropout_prob = -1;          ///< below 0: config.json's
  double attention_probs_dropout_prob = -1; ///< below 0: config.json's
  double classifier_dropout = -1;           ///< below 0: config.json's
  double ema_decay = 0;  ///< of the moving average that is validated and kept; 0: the weights themselves
  double awp_lr = 0;     ///< adversarial weight perturbation (Wu et al. 2020), relative to each tensor's norm; 0: none
  double awp_eps = 1e-3; ///< the maximum that a weight is moved by, relative to its size
  double awp_start_epoch = 1;

  // A teacher (manifest.hpp): see engine/option_loss.hpp.
  double distillation_alpha = 0; ///< the teacher's part of the loss, the answer has the rest; 0: no teacher
  double distillation_temperature = 2;
  double distillation_logit_weight = 0; ///< of the squared error of logits, which is added

  // What is trained.
  bool freeze_embeddings = false;
  bool freeze_relative_embeddings = false;
  std::int64_t freeze_layers = 0; ///< this many, counted from the bottom
  bool gradient_checkpointing = false;
  bool bf16 = false; ///< dense layers compute in bf16 on f32 weights; for a GPU, or a CPU that has bf16

  // Validation.
  std::int64_t eval_steps = 0;              ///< optimiser steps between validations; 0: after each epoch
  std::int64_t early_stopping_patience = 0; ///< validations without a better MAP@3 before it stops; 0: never
  bool load_best_model_at_end = true;       ///< the result is the best weights, not the last
  std::int64_t save_steps = 500;            ///< optimiser steps between checkpoints to resume from; 0: at validations

  bool learns_from_teacher() const noexcept { return distillation_alpha > 0 || distillation_logit_weight > 0; }
};

/// One setting: its name, what it means, and where it is kept.
struct SettingField {
  using Member = std::variant<bool TrainingSettings::*, std::int64_t TrainingSettings::*, double TrainingSettings::*,
                              std::string TrainingSettings::*>;
  std::string_view name;
  std::string_view help;
  Member member;
  double least = -1e300, most = 1e300;        ///< of numbers
  std::vector<std::string_view> choices = {}; ///< of texts
};

/// All settings, in the order in which they are shown.
std::span<const SettingField> setting_fields();

/// Sets one setting from text as given on a command line. Throws UsageError with the name, what was
/// expected and what was found.
void set_from_text(TrainingSettings& settings, const SettingField& field, const std::string& text);

/// Sets those that the object names. Throws InputError with the JSON path.
void set_from_json(TrainingSettings& settings, const JsonView& object);

/// All settings as an object.
Json to_json(const TrainingSettings& settings);

/// Throws UsageError where settings contradict each other.
void check_settings(const TrainingSettings& settings);

} // namespace sciexam::inline train
