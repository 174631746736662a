#include "train/memory_estimate.hpp"

#include "checkpoint/parameters.hpp"
#include "train/trained_parameters.hpp"

#include <algorithm>

namespace sciexam {
namespace {

constexpr std::uint64_t kFloat = 4;

struct Count {
  std::uint64_t all = 0, trained = 0, trained_words = 0;
};

Count count_parameters(const DebertaConfig& config, const TrainingSettings& settings) {
  Count count;
  for (const TensorInfo& tensor : parameters_of(config)) {
    const std::uint64_t elements = tensor.elements();
    count.all += elements;
    if (is_frozen(tensor.name, settings))
      continue;
    count.trained += elements;
    if (tensor.name == "deberta.embeddings.word_embeddings.weight")
      count.trained_words = elements;
  }
  return count;
}

} // namespace

MemoryEstimate estimate_memory(const DebertaConfig& config, const TrainingSettings& settings, std::int64_t tokens) {
  const Count count = count_parameters(config, settings);
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  const auto inner = static_cast<std::uint64_t>(config.intermediate_size);
  const auto length = static_cast<std::uint64_t>(tokens);
  MemoryEstimate estimate;
  estimate.weights = count.all * kFloat;
  estimate.gradients = (count.trained - count.trained_words + (count.trained_words > 0 ? length * hidden : 0)) * kFloat;
  const std::uint64_t copies = 2 + (settings.ema_decay > 0 ? 1 : 0);
  estimate.optimizer =
      (count.trained * copies + (settings.awp_lr > 0 ? count.trained - count.trained_words : 0)) * kFloat;
  // Kept for each token of a layer: its input, q, k, v, the context, both sums before LayerNorm and
  // the first one's output; before and after the activation.
  const std::uint64_t layer = length * (8 * hidden + 2 * inner) * kFloat;
  const auto trained_layers =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, config.num_hidden_layers - settings.freeze_layers));
  estimate.activations =
      settings.gradient_checkpointing ? trained_layers * length * hidden * kFloat + layer : trained_layers * layer;
  constexpr std::uint64_t kProgram = std::uint64_t{250} << 20;
  estimate.workspace = kProgram + 2 * length * (inner + 4 * hidden) * kFloat;
  return estimate;
}

std::vector<std::string> ways_to_less_memory(const DebertaConfig& config, const TrainingSettings& settings,
                                             std::int64_t tokens) {
  std::vector<std::string> ways;
  const std::uint64_t now = estimate_memory(config, settings, tokens).total();
  const auto offer = [&](const std::string& option, const TrainingSettings& changed, std::int64_t with_tokens) {
    const std::uint64_t needed = estimate_memory(config, changed, with_tokens).total();
    if (needed < now)
      ways.push_back(option + ": " + format_memory(needed));
  };
  TrainingSettings changed = settings;
  changed.gradient_checkpointing = true;
  offer("--gradient-checkpointing true", changed, tokens);
  if (constexpr std::int64_t kSmall = 512; tokens > kSmall)
    offer("--token-budget 512", settings, kSmall);
  changed = settings;
  changed.freeze_embeddings = true;
  changed.freeze_layers = std::max(settings.freeze_layers, config.num_hidden_layers * 3 / 4);
  offer("--freeze-embeddings true --freeze-layers " + std::to_string(changed.freeze_layers), changed, tokens);
  changed = settings;
  changed.ema_decay = changed.awp_lr = 0;
  offer("--ema-decay 0 --awp-lr 0", changed, tokens);
  return ways;
}

} // namespace sciexam
