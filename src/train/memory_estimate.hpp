// How much memory a run will need, before it starts.
#pragma once

#include "checkpoint/config.hpp"
#include "support/memory.hpp"
#include "train/settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam {

/// In bytes.
struct MemoryEstimate {
  std::uint64_t weights = 0;     ///< all parameters, f32
  std::uint64_t gradients = 0;   ///< of trained ones; of the word embeddings the rows in a batch alone
  std::uint64_t optimizer = 0;   ///< two moments, the average of weights, what AWP puts aside
  std::uint64_t activations = 0; ///< kept for the backward pass of one part of a batch
  std::uint64_t workspace = 0;   ///< temporary tensors, libraries, the program

  std::uint64_t total() const { return weights + gradients + optimizer + activations + workspace; }
};

/// For parts of a batch of at most `tokens` tokens (the token budget, or less where batches are smaller).
MemoryEstimate estimate_memory(const DebertaConfig& config, const TrainingSettings& settings, std::int64_t tokens);

/// Settings that would need less, each with what it would come to: "--gradient-checkpointing true: 5.1 GB".
std::vector<std::string> ways_to_less_memory(const DebertaConfig& config, const TrainingSettings& settings,
                                             std::int64_t tokens);

} // namespace sciexam
