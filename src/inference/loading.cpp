#include "inference/loading.hpp"

#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam {

std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens) {
  constexpr std::uint64_t kProgram = std::uint64_t{64} << 20, kReading = std::uint64_t{64} << 20, kFloat = 4;
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  const bool packed = can_be_packed(config), halves = packed && stored != DType::f32;
  std::uint64_t weights = 0, tables = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    const bool half = halves || (precision == Precision::bf16 && tensor.name.starts_with("deberta.encoder.layer."));
    weights += tensor.elements() * (half ? size_of(DType::f16) : kFloat);
    if (tensor.name == "deberta.encoder.rel_embeddings.weight") // projected for keys and queries of every layer
      tables = 2 * tensor.elements() * static_cast<std::uint64_t>(config.num_hidden_layers);
  }
  // Packed, f16, with DeBERTa-v3-large's shape and 2 threads: 1.12 and 1.37 GB measured at 356 and 4,224 tokens at
  // once.
  const std::uint64_t per_token =
      packed ? 16 * hidden : 2 * static_cast<std::uint64_t>(config.intermediate_size) + 14 * hidden;
  return kProgram + std::min(kReading, weights) + weights +
         kFloat * (tables + static_cast<std::uint64_t>(tokens) * per_token);
}

void require_precision(const Package& package, Precision precision) {
  for (std::size_t model = 0; precision == Precision::bf16 && model < package.manifest().models.size(); ++model)
    try {
      const DebertaConfig config = package.config(model);
      if (!can_be_packed(config))
        throw UsageError("model " + package.manifest().models[model].name + " (hidden_act " + config.hidden_act +
                         ") cannot answer in bf16. Give --precision auto");
    } catch (const PackageError&) {
      continue; // told when it is its turn
    }
}

std::unique_ptr<AnsweringNetwork> load_model(const Package& package, std::size_t index, int threads,
                                             Precision precision) {
  return load_to_answer(package.config(index), *package.open_model(index), threads, precision);
}

} // namespace sciexam
