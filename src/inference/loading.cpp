#include "inference/loading.hpp"

#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline inference {
namespace {

constexpr std::uint64_t kFloat = sizeof(float);

/// Floats of activations.
std::uint64_t floats_per_token(const DebertaConfig& config) {
  // Packed, f16, with DeBERTa-v3-large's shape and 2 threads: 1.12 and 1.37 GB measured at 356 and 4,224 tokens at
  // once.
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  return can_be_packed(config) ? 16 * hidden : 2 * static_cast<std::uint64_t>(config.intermediate_size) + 14 * hidden;
}

/// Floats that attention keeps for one head of a sequence: the kernels keep a block of queries
/// (per_isa/attention.hpp), LibTorch's operators all scores, by distance and by key.
std::uint64_t attention_floats(const DebertaConfig& config, std::int64_t length) {
  constexpr std::uint64_t kOfBlock = 256, kTensors = 8;
  const auto tokens = static_cast<std::uint64_t>(length);
  return can_be_packed(config) ? tokens * (kOfBlock + 2 * static_cast<std::uint64_t>(config.head_dim()))
                               : kTensors * tokens * tokens;
}

} // namespace

std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens) {
  constexpr std::uint64_t kProgram = std::uint64_t{64} << 20, kReading = std::uint64_t{64} << 20;
  const bool halves = can_be_packed(config) && stored != DType::f32;
  std::uint64_t weights = 0, tables = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    const bool half = halves || (precision == Precision::bf16 && tensor.name.starts_with("deberta.encoder.layer."));
    weights += tensor.elements() * (half ? size_of(DType::f16) : kFloat);
    if (tensor.name == "deberta.encoder.rel_embeddings.weight") // projected for keys and queries of every layer
      tables = 2 * tensor.elements() * static_cast<std::uint64_t>(config.num_hidden_layers);
  }
  return kProgram + std::min(kReading, weights) + weights +
         kFloat * (tables + static_cast<std::uint64_t>(tokens) * floats_per_token(config));
}

std::uint64_t batch_memory(const DebertaConfig& config, std::int64_t tokens, std::int64_t longest, int threads) {
  return kFloat * (static_cast<std::uint64_t>(tokens) * floats_per_token(config) +
                   static_cast<std::uint64_t>(threads) * attention_floats(config, longest));
}

void require_precision(const Package& package, Precision precision) {
  for (std::size_t model = 0; precision == Precision::bf16 && model < package.manifest().models.size(); ++model)
    try {
      const DebertaConfig config = package.config(model);
      if (!can_be_packed(config))
        throw UsageError("model " + package.manifest().models[model].name + " (hidden_act " + config.hidden_act +
                         ") cannot answer in bf16. Give --precision auto");
    } catch (const PackageError&) {
      continue; // reported in its turn
    }
}

std::unique_ptr<AnsweringNetwork> load_model(const Package& package, std::size_t index, int threads,
                                             Precision precision) {
  return load_to_answer(package.config(index), *package.open_model(index), threads, precision);
}

} // namespace sciexam::inline inference
