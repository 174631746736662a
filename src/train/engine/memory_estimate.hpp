// How much memory a run will need, before it starts.
#pragma once

#include "checkpoint/config.hpp"
#include "support/machine/memory.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// In bytes.
struct MemoryEstimate {
  std::uint64_t weights = 0;     ///< all parameters, f32
  std::uint64_t gradients = 0;   ///< of trained parameters; of the word embeddings only the rows in a batch
  std::uint64_t optimizer = 0;   ///< two moments, the average of weights, the copy that AWP makes
  std::uint64_t activations = 0; ///< kept for the backward pass of one part of a batch
  std::uint64_t workspace = 0;   ///< temporary tensors, libraries, the program

  std::uint64_t total() const { return weights + gradients + optimizer + activations + workspace; }
};

/// What goes through the network at once.
struct PassSize {
  std::int64_t tokens = 0;           ///< in all
  std::int64_t longest_sequence = 0; ///< tokens
  int threads = 1;
};

/// The maximum number of tokens in one pass of the run (its batches are known beforehand), and the longest sequence.
PassSize largest_pass(const TrainingSet& set, const TrainingSettings& settings, int threads);

/// Within 10 % of the measured peaks (table in memory_estimate.cpp).
MemoryEstimate estimate_memory(const DebertaConfig& config, const TrainingSettings& settings, const PassSize& pass);

/// Settings that would need less, each with the resulting total: "--gradient-checkpointing true: 5.1 GB".
std::vector<std::string> ways_to_less_memory(const DebertaConfig& config, const TrainingSettings& settings,
                                             const PassSize& pass);

} // namespace sciexam::inline train
