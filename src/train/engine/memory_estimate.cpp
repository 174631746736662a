#include "train/engine/memory_estimate.hpp"

#include "checkpoint/parameters.hpp"
#include "inference/token_batches.hpp"
#include "model/disentangled_attention.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/optimizer/trained_parameters.hpp"

#include <algorithm>

namespace sciexam::inline train {
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

PassSize largest_pass(const TrainingSet& set, const TrainingSettings& settings, int threads) {
  PassSize largest{0, 0, threads};
  for (const EncodedQuestion& question : set.encoded)
    largest.longest_sequence = std::max(largest.longest_sequence, longest_sequence(question));
  for (const std::vector<EncodedQuestion>& contexts : set.further)
    for (const EncodedQuestion& question : contexts)
      largest.longest_sequence = std::max(largest.longest_sequence, longest_sequence(question));
  BatchOrder order(set, settings);
  for (std::int64_t step = 0; step < order.total_steps(); ++step) {
    const std::vector<std::int64_t>& lengths = order.lengths_at(step);
    const auto tokens_of = [&](std::size_t question) { return lengths[question]; };
    for (const QuestionBatch& part : split_by_tokens(order.batch_of(step), settings.token_budget, tokens_of)) {
      std::int64_t tokens = 0;
      for (const std::size_t index : part)
        tokens += tokens_of(index);
      largest.tokens = std::max(largest.tokens, tokens);
    }
  }
  return largest;
}

// Peaks of complete trainings of 1 or 2 steps (ru_maxrss, closed book), with this estimate in brackets, in GB. kProgram
// was fitted to those of base. A pass as large as the token budget is one of several, whose gradients and activations
// exist together; otherwise the sum is a little too large.
//   base   291 tokens  plain 2.86 (2.9), 6 layers and embeddings frozen 1.45 (1.5)
//   base   211 tokens  AWP 3.21 (3.2), EMA 3.91 (3.6: exchanging it copies the word embeddings)
//   base  1089 tokens  one pass 3.14 (3.4); 1024 as the budget 3.26 (3.4)
//   base  4096 tokens  of 5308: plain 5.34 (5.3), gradient checkpointing 3.40 (3.3)
//   large  211 tokens  plain 7.21 (7.0), 18 layers and embeddings frozen 2.92 (2.9)
MemoryEstimate estimate_memory(const DebertaConfig& config, const TrainingSettings& settings, const PassSize& pass) {
  const Count count = count_parameters(config, settings);
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  const auto inner = static_cast<std::uint64_t>(config.intermediate_size);
  const auto length = static_cast<std::uint64_t>(pass.tokens),
             longest = static_cast<std::uint64_t>(pass.longest_sequence);
  MemoryEstimate estimate;
  estimate.weights = count.all * kFloat;
  estimate.gradients = (count.trained - count.trained_words + (count.trained_words > 0 ? length * hidden : 0)) * kFloat;
  const std::uint64_t copies = 2 + (settings.ema_decay > 0 ? 1 : 0);
  estimate.optimizer =
      (count.trained * copies + (settings.awp_lr > 0 ? count.trained - count.trained_words : 0)) * kFloat;
  // Kept for each token of a layer: its input, q, k, v, the context, both sums before LayerNorm and
  // the first one's output; before and after the activation. For each row of the relative table in reach, itself and
  // its two projections.
  const std::uint64_t reach =
      config.relative_attention ? std::min(2 * longest, static_cast<std::uint64_t>(config.relative_rows())) : 0;
  const std::uint64_t layer = (length * (8 * hidden + 2 * inner) + 3 * reach * hidden) * kFloat;
  const auto trained_layers =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, config.num_hidden_layers - settings.freeze_layers));
  estimate.activations =
      settings.gradient_checkpointing ? trained_layers * length * hidden * kFloat + layer : trained_layers * layer;
  // The attention's backward pass holds eight squares of a sequence's scores for each head that is taken at once, on
  // each thread.
  constexpr std::uint64_t kProgram = std::uint64_t{150} << 20;
  const std::int64_t heads = heads_at_once(pass.longest_sequence, config.num_attention_heads);
  const auto squares = static_cast<std::uint64_t>(8 * pass.threads * heads) * longest * longest;
  estimate.workspace = kProgram + (2 * length * (inner + 4 * hidden) + squares) * kFloat;
  return estimate;
}

std::vector<std::string> ways_to_less_memory(const DebertaConfig& config, const TrainingSettings& settings,
                                             const PassSize& pass) {
  std::vector<std::string> ways;
  const std::uint64_t now = estimate_memory(config, settings, pass).total();
  const auto offer = [&](const std::string& option, const TrainingSettings& changed, const PassSize& with) {
    const std::uint64_t needed = estimate_memory(config, changed, with).total();
    if (needed < now)
      ways.push_back(option + ": " + format_memory(needed));
  };
  TrainingSettings changed = settings;
  changed.gradient_checkpointing = true;
  offer("--gradient-checkpointing true", changed, pass);
  if (constexpr std::int64_t kSmall = 512; pass.tokens > kSmall)
    offer("--token-budget 512", settings, {kSmall, pass.longest_sequence, pass.threads});
  changed = settings;
  changed.freeze_embeddings = true;
  changed.freeze_layers = std::max(settings.freeze_layers, config.num_hidden_layers * 3 / 4);
  offer("--freeze-embeddings true --freeze-layers " + std::to_string(changed.freeze_layers), changed, pass);
  changed = settings;
  changed.ema_decay = changed.awp_lr = 0;
  offer("--ema-decay 0 --awp-lr 0", changed, pass);
  return ways;
}

} // namespace sciexam::inline train
