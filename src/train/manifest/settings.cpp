#include "train/manifest/settings.hpp"

#include "exam/context_columns.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <charconv>

namespace sciexam::inline train {
namespace {

using S = TrainingSettings;

constexpr double kMany = 1e9;

const std::vector<SettingField>& fields() {
  static const std::vector<SettingField> all = {
      {"num_train_epochs", "passes over the training questions", &S::num_train_epochs, 1e-6, kMany},
      {"max_steps", "optimiser steps; below 1: num_train_epochs decides", &S::max_steps, -1, kMany},
      {"batch_size", "questions per optimiser step", &S::batch_size, 1, kMany},
      {"token_budget", "maximum tokens per forward pass; larger batches are accumulated", &S::token_budget, 1, kMany},
      {"group_by_length", "batch questions of similar length", &S::group_by_length},
      {"least_option_length", "leave out training questions whose options average fewer characters",
       &S::least_option_length, 0, 1 << 20},
      {"contexts_per_question", "train each epoch with another of a question's first so many contexts",
       &S::contexts_per_question, 1, kMostContexts},
      {"seed", "seed of the order, of contexts, of dropout and of fresh weights", &S::seed, 0, 9e15},
      {"learning_rate", "the highest learning rate", &S::learning_rate, 0, 10},
      {"lr_scheduler_type",
       "how the rate falls after the warmup",
       &S::lr_scheduler_type,
       0,
       0,
       {"linear", "cosine", "constant"}},
      {"warmup_ratio", "fraction of all steps over which the rate rises", &S::warmup_ratio, 0, 1},
      {"layerwise_lr_decay", "rate of a layer relative to the one above", &S::layerwise_lr_decay, 0.01, 1},
      {"optim", "variant of AdamW", &S::optim, 0, 0, {"adamw_torch", "adamw_hf"}},
      {"adam_beta1", "decay of the first moment", &S::adam_beta1, 0, 0.999999},
      {"adam_beta2", "decay of the second moment", &S::adam_beta2, 0, 0.9999999},
      {"adam_epsilon", "added to the root of the second moment", &S::adam_epsilon, 1e-30, 1},
      {"weight_decay", "decoupled weight decay", &S::weight_decay, 0, 10},
      {"decay_bias_and_norm", "decay biases and LayerNorm too", &S::decay_bias_and_norm},
      {"max_grad_norm", "clip the gradient to this norm; 0: never", &S::max_grad_norm, 0, kMany},
      {"label_smoothing_factor", "fraction of the target spread over all options", &S::label_smoothing_factor, 0, 0.99},
      {"hidden_dropout_prob", "dropout of hidden states; below 0: config.json's", &S::hidden_dropout_prob, -1, 0.99},
      {"attention_probs_dropout_prob", "dropout of attention; below 0: config.json's", &S::attention_probs_dropout_prob,
       -1, 0.99},
      {"classifier_dropout", "dropout before the classifier; below 0: config.json's", &S::classifier_dropout, -1, 0.99},
      {"ema_decay", "decay of the moving average of weights; 0: no average", &S::ema_decay, 0, 0.9999999},
      {"awp_lr", "adversarial weight perturbation; 0: none", &S::awp_lr, 0, 10},
      {"awp_eps", "maximum that it moves a weight by, relative to its size", &S::awp_eps, 0, 1},
      {"awp_start_epoch", "epoch at which it starts", &S::awp_start_epoch, 0, kMany},
      {"distillation_alpha", "the teacher's part of the loss; the answer has the rest", &S::distillation_alpha, 0, 1},
      {"distillation_temperature", "divides logits before the teacher's are compared", &S::distillation_temperature,
       0.01, 1000},
      {"distillation_logit_weight", "weight of the squared error of logits, which is added to the loss",
       &S::distillation_logit_weight, 0, 1000},
      {"freeze_embeddings", "do not train the word embeddings and their LayerNorm", &S::freeze_embeddings},
      {"freeze_relative_embeddings", "do not train the table of relative positions", &S::freeze_relative_embeddings},
      {"freeze_layers", "do not train this many layers, counted from the bottom", &S::freeze_layers, 0, 4096},
      {"gradient_checkpointing", "recompute activations instead of keeping them", &S::gradient_checkpointing},
      {"bf16", "compute in bf16 on f32 weights; for a GPU, or a CPU with AVX-512-BF16 or AMX", &S::bf16},
      {"eval_steps", "steps between validations; 0: after each epoch", &S::eval_steps, 0, kMany},
      {"early_stopping_patience", "stop after this many validations without progress; 0: never",
       &S::early_stopping_patience, 0, kMany},
      {"load_best_model_at_end", "the result is the best weights, not the last", &S::load_best_model_at_end},
      {"save_steps", "steps between checkpoints to resume from; 0: at validations", &S::save_steps, 0, kMany},
  };
  return all;
}

std::string number_text(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

std::string expected(const SettingField& field) {
  if (!field.choices.empty()) {
    std::string text = "one of";
    for (const std::string_view choice : field.choices)
      text += (text == "one of" ? " " : ", ") + std::string(choice);
    return text;
  }
  if (std::holds_alternative<bool S::*>(field.member))
    return "true or false";
  const bool whole = std::holds_alternative<std::int64_t S::*>(field.member);
  return std::string(whole ? "a whole number" : "a number") + " from " + number_text(field.least) + " to " +
         number_text(field.most);
}

bool accepts(const SettingField& field, const std::string& text) {
  return std::find(field.choices.begin(), field.choices.end(), text) != field.choices.end();
}

template <typename Number>
bool parse_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// False if the text is not a value of this setting.
struct FromText {
  S& settings;
  const SettingField& field;
  const std::string& text;

  bool operator()(bool S::*member) const {
    settings.*member = text == "true" || text == "1";
    return text == "true" || text == "false" || text == "1" || text == "0";
  }
  bool operator()(std::int64_t S::*member) const {
    std::int64_t number = 0;
    const bool good = parse_number(text, number) && static_cast<double>(number) >= field.least &&
                      static_cast<double>(number) <= field.most;
    settings.*member = number;
    return good;
  }
  bool operator()(double S::*member) const {
    double number = 0;
    const bool good = parse_number(text, number) && number >= field.least && number <= field.most;
    settings.*member = number;
    return good;
  }
  bool operator()(std::string S::*member) const {
    settings.*member = text;
    return accepts(field, text);
  }
};

struct FromJson {
  S& settings;
  const SettingField& field;
  const JsonView& view;

  void require(bool good) const {
    if (!good)
      view.fail("is " + view.json().dump() + ", where " + expected(field) + " is expected", "Correct it");
  }
  void operator()(bool S::*member) const { settings.*member = view.boolean(); }
  void operator()(std::int64_t S::*member) const {
    settings.*member = view.integer(static_cast<std::int64_t>(field.least), static_cast<std::int64_t>(field.most));
  }
  void operator()(double S::*member) const {
    const double number = view.number();
    require(number >= field.least && number <= field.most);
    settings.*member = number;
  }
  void operator()(std::string S::*member) const {
    settings.*member = view.string();
    require(accepts(field, settings.*member));
  }
};

} // namespace

std::span<const SettingField> setting_fields() {
  return fields();
}

void set_from_text(TrainingSettings& settings, const SettingField& field, const std::string& text) {
  if (!std::visit(FromText{settings, field, text}, field.member))
    throw UsageError("the setting " + std::string(field.name) + " is \"" + text + "\". Give " + expected(field));
}

void set_from_json(TrainingSettings& settings, const JsonView& object) {
  for (const auto& [name, view] : object.members()) {
    const std::string& wanted = name; // clang 14 captures no structured binding
    const auto field =
        std::find_if(fields().begin(), fields().end(), [&](const SettingField& any) { return any.name == wanted; });
    if (field == fields().end())
      view.fail("is not a setting that this program knows", "Remove it, or correct its name");
    std::visit(FromJson{settings, *field, view}, field->member);
  }
}

Json to_json(const TrainingSettings& settings) {
  Json object = Json::object();
  for (const SettingField& field : fields())
    std::visit([&](auto member) { object[std::string(field.name)] = settings.*member; }, field.member);
  return object;
}

void check_settings(const TrainingSettings& settings) {
  if (settings.early_stopping_patience > 0 && !settings.load_best_model_at_end)
    throw UsageError("early_stopping_patience without load_best_model_at_end would keep weights that have got worse. "
                     "Set load_best_model_at_end to true");
  if (settings.awp_lr > 0 && settings.awp_eps == 0)
    throw UsageError("awp_lr is set but awp_eps is 0: no weight could move. Give awp_eps, for example 0.001");
}

} // namespace sciexam::inline train
