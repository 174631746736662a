#include "checkpoint/parameters.hpp"

#include "checkpoint/stored_names.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace sciexam::inline checkpoint {
namespace {

/// Collects parameters under growing names.
class Collector {
public:
  void tensor(const std::string& name, std::vector<std::int64_t> shape) {
    tensors.push_back({name, DType::f32, std::move(shape)});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    tensor(name + ".weight", {out, in});
    tensor(name + ".bias", {out});
  }
  void layer_norm(const std::string& name, std::int64_t size) {
    tensor(name + ".weight", {size});
    tensor(name + ".bias", {size});
  }

  std::vector<TensorInfo> tensors;
};

void add_embeddings(Collector& add, const DebertaConfig& config) {
  const std::string name = "deberta.embeddings.";
  add.tensor(name + "word_embeddings.weight", {config.vocab_size, config.embedding_size});
  if (config.position_biased_input)
    add.tensor(name + "position_embeddings.weight", {config.max_position_embeddings, config.embedding_size});
  if (config.type_vocab_size > 0)
    add.tensor(name + "token_type_embeddings.weight", {config.type_vocab_size, config.embedding_size});
  if (config.embedding_size != config.hidden_size)
    add.tensor(name + "embed_proj.weight", {config.hidden_size, config.embedding_size});
  add.layer_norm(name + "LayerNorm", config.hidden_size);
}

void add_layer(Collector& add, const DebertaConfig& config, const std::string& name) {
  const std::int64_t hidden = config.hidden_size;
  const std::string self = name + "attention.self.";
  for (const char* projection : {"query_proj", "key_proj", "value_proj"})
    add.linear(self + projection, hidden, hidden);
  if (config.relative_attention && !config.share_att_key && config.c2p)
    add.linear(self + "pos_key_proj", hidden, hidden);
  if (config.relative_attention && !config.share_att_key && config.p2c)
    add.linear(self + "pos_query_proj", hidden, hidden);
  add.linear(name + "attention.output.dense", hidden, hidden);
  add.layer_norm(name + "attention.output.LayerNorm", hidden);
  add.linear(name + "intermediate.dense", hidden, config.intermediate_size);
  add.linear(name + "output.dense", config.intermediate_size, hidden);
  add.layer_norm(name + "output.LayerNorm", hidden);
}

bool is_head(const std::string& name) {
  return name.starts_with("pooler.") || name.starts_with("classifier.");
}

/// What pre-training and old versions of the library leave in a base model, and a network for questions never has.
bool is_of_pretraining(const std::string& name) {
  return name.find("lm_predictions.") != std::string::npos || name.find("mask_predictions.") != std::string::npos ||
         name.find("cls.predictions.") != std::string::npos || name.ends_with("position_ids");
}

/// Parts of the names of what PEFT adds to a model. They change what the network computes.
bool is_of_adapter(const std::string& name) {
  constexpr std::string_view kParts[] = {".lora_",
                                         ".ia3_",
                                         ".hada_",
                                         ".oft_",
                                         ".vera_",
                                         ".base_layer.",
                                         ".modules_to_save.",
                                         ".original_module.",
                                         ".adapters.",
                                         "prompt_encoder."};
  return std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

/// "a, b and 4 more".
std::string list(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

/// Why a tensor's shape is not the network's, and what to do.
std::string shape_remedy(const TensorInfo& expected, const TensorInfo& stored) {
  if (stored.elements() == 0)
    return "It was saved while its parts lay on several devices (DeepSpeed ZeRO-3): gather them with "
           "zero_to_fp32.py, or save with stage3_gather_16bit_weights_on_model_save";
  if (expected.name.starts_with("classifier.") && stored.shape.size() == expected.shape.size())
    return "The head is for " + std::to_string(stored.shape.front()) +
           " classes, not of DebertaV2ForMultipleChoice: fine-tune the model for multiple choice first";
  return "Check that config.json and the weights belong together";
}

void require_usable(const TensorInfo& expected, const TensorInfo& stored, const WeightSource& source) {
  if (stored.shape != expected.shape)
    throw InputError({source.description()},
                     "tensor " + stored.name + " has shape " + shape_text(stored.shape) + ", but " +
                         (expected.name.starts_with("classifier.") ? "the network for multiple choice has "
                                                                   : "config.json asks for ") +
                         shape_text(expected.shape),
                     shape_remedy(expected, stored));
  if (expected.dtype == DType::i8) {
    if (stored.dtype != DType::i8)
      throw InputError({source.description()}, "tensor " + stored.name + " is not of type I8, but has a scale",
                       "Pack the models again");
    return;
  }
  if (stored.dtype != DType::f32 && stored.dtype != DType::f16 && stored.dtype != DType::bf16 &&
      stored.dtype != DType::f64)
    throw InputError({source.description()},
                     "tensor " + stored.name + " is of type " + std::string(name_of(stored.dtype)) +
                         ", not a floating-point one",
                     "Give a checkpoint that is not quantized");
}

/// What all names begin with, up to a dot.
std::string common_prefix(const std::vector<TensorInfo>& tensors) {
  if (tensors.size() < 2)
    return {};
  std::string_view common = tensors.front().name;
  for (const TensorInfo& tensor : tensors) {
    const auto [end, other] = std::mismatch(common.begin(), common.end(), tensor.name.begin(), tensor.name.end());
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  return std::string(common.substr(0, common.rfind('.') + 1));
}

[[noreturn]] void fail_missing(const Match& match, const WeightSource& source) {
  std::vector<std::string> others;
  std::copy_if(match.extra.begin(), match.extra.end(), std::back_inserter(others),
               [](const std::string& name) { return !is_of_pretraining(name); });
  std::string problem = "lacks " + list(match.missing);
  if (!others.empty())
    problem += ", but has " + list(others);
  if (const std::string prefix = common_prefix(source.tensors()); match.stored_name.empty() && !prefix.empty())
    problem += " (all names begin with \"" + prefix + "\")";
  else if (!match.note.empty())
    problem += " (" + match.note + ")";
  const bool only_head = std::all_of(match.missing.begin(), match.missing.end(), is_head);
  throw InputError({source.description()}, problem,
                   !only_head       ? "Check that config.json and the weights belong together"
                   : others.empty() ? "This is a base model without a trained head: fine-tune it first"
                                    : "The head is not that of DebertaV2ForMultipleChoice: fine-tune the model for "
                                      "multiple choice first");
}

void refuse_adapters(const WeightSource& source) {
  std::vector<std::string> names;
  for (const TensorInfo& tensor : source.tensors())
    if (is_of_adapter(tensor.name))
      names.push_back(tensor.name);
  if (!names.empty())
    throw InputError({source.description()},
                     "holds adapters of PEFT that are not merged into the weights: " + list(names),
                     "Merge them in PEFT with merge_and_unload(), and save the result");
}

} // namespace

std::vector<TensorInfo> parameters_of(const DebertaConfig& config) {
  Collector add;
  add_embeddings(add, config);
  const std::string encoder = "deberta.encoder.";
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    add_layer(add, config, encoder + "layer." + std::to_string(i) + ".");
  if (config.relative_attention)
    add.tensor(encoder + "rel_embeddings.weight", {config.relative_rows(), config.hidden_size});
  if (config.normalize_relative_embeddings)
    add.layer_norm(encoder + "LayerNorm", config.hidden_size);
  if (config.conv_kernel_size > 0) {
    add.tensor(encoder + "conv.conv.weight",
               {config.hidden_size, config.hidden_size / config.conv_groups, config.conv_kernel_size});
    add.tensor(encoder + "conv.conv.bias", {config.hidden_size});
    add.layer_norm(encoder + "conv.LayerNorm", config.hidden_size);
  }
  add.linear("pooler.dense", config.pooler_hidden_size, config.pooler_hidden_size);
  add.linear("classifier", config.hidden_size, 1);
  return std::move(add.tensors);
}

Match match_parameters(std::span<const TensorInfo> expected, const WeightSource& source, Purpose purpose) {
  refuse_adapters(source);
  const StoredNames names(expected, source);
  Match match;
  match.note = names.note();
  std::set<std::string_view> used;
  for (const TensorInfo& tensor : expected) {
    const TensorInfo* stored = names.find(tensor.name);
    if (stored == nullptr) {
      match.missing.push_back(tensor.name);
      continue;
    }
    if (purpose == Purpose::training_start && is_head(tensor.name) && stored->shape != tensor.shape) {
      match.missing.push_back(tensor.name); // the head of another task
      continue;
    }
    require_usable(tensor, *stored, source);
    match.stored_name.emplace(tensor.name, stored->name);
    used.insert(stored->name);
  }
  for (const TensorInfo& tensor : source.tensors())
    if (!used.contains(tensor.name))
      match.extra.push_back(tensor.name);
  const bool permitted =
      purpose == Purpose::training_start && std::all_of(match.missing.begin(), match.missing.end(), is_head);
  if (!match.missing.empty() && !permitted)
    fail_missing(match, source);
  return match;
}

} // namespace sciexam::inline checkpoint
