#include "checkpoint/parameters.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <string_view>

namespace sciexam {
namespace {

constexpr std::string_view kPrefix = "deberta."; // base_model_prefix of transformers

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

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

void require_usable(const TensorInfo& expected, const TensorInfo& stored, const WeightSource& source) {
  if (stored.shape != expected.shape)
    throw InputError({source.description()},
                     "tensor " + stored.name + " has shape " + shape_text(stored.shape) +
                         ", but config.json asks for " + shape_text(expected.shape),
                     "Check that config.json and the weights belong together");
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
                         ", not of a floating-point one",
                     "Give a checkpoint that is not quantized");
}

[[noreturn]] void fail_missing(const std::vector<std::string>& missing, const WeightSource& source) {
  constexpr std::size_t kShown = 6;
  std::string names;
  for (std::size_t i = 0; i < std::min(kShown, missing.size()); ++i)
    names += (i == 0 ? "" : ", ") + missing[i];
  if (missing.size() > kShown)
    names += " and " + std::to_string(missing.size() - kShown) + " more";
  const bool only_head = std::all_of(missing.begin(), missing.end(), is_head);
  throw InputError({source.description()}, "lacks " + names,
                   only_head ? "This is a base model without a trained head: fine-tune it first"
                             : "Check that config.json and the weights belong together");
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
  std::map<std::string_view, const TensorInfo*> stored;
  for (const TensorInfo& tensor : source.tensors())
    stored.emplace(tensor.name, &tensor);
  const bool prefixed = std::any_of(source.tensors().begin(), source.tensors().end(),
                                    [](const TensorInfo& tensor) { return tensor.name.starts_with(kPrefix); });
  Match match;
  for (const TensorInfo& tensor : expected) {
    std::string_view name = tensor.name;
    if (!prefixed && name.starts_with(kPrefix))
      name.remove_prefix(kPrefix.size());
    const auto found = stored.find(name);
    if (found == stored.end()) {
      match.missing.push_back(tensor.name);
      continue;
    }
    require_usable(tensor, *found->second, source);
    match.stored_name.emplace(tensor.name, name);
    stored.erase(found);
  }
  const bool permitted =
      purpose == Purpose::training_start && std::all_of(match.missing.begin(), match.missing.end(), is_head);
  if (!match.missing.empty() && !permitted)
    fail_missing(match.missing, source);
  for (const TensorInfo& tensor : source.tensors())
    if (stored.contains(tensor.name))
      match.extra.push_back(tensor.name);
  return match;
}

} // namespace sciexam
