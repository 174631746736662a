// Which questions make up each optimiser step: a function of the seed and the
// step alone, so that a resumed run continues with the same ones.
#pragma once

#include "support/random.hpp"
#include "train/inputs/context_draw.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline train {

struct OrderOptions {
  std::uint64_t seed = 0;
  std::size_t batch_size = 1;   ///< questions
  bool group_by_length = false; ///< batches of similar length: sorted within runs of kLengthGroupBatches batches
};

inline constexpr std::size_t kLengthGroupBatches = 50; // as transformers' LengthGroupedSampler

/// Steps of one epoch; the last one may have fewer questions.
std::int64_t steps_per_epoch(std::size_t questions, std::size_t batch_size);

/// The questions of every step of one epoch: each question once. `lengths` are their tokens.
std::vector<std::vector<std::size_t>> epoch_batches(std::span<const std::int64_t> lengths, std::int64_t epoch,
                                                    const OrderOptions& options);

/// Optimiser steps of a run.
std::int64_t total_steps(const TrainingSettings& settings, std::size_t questions);

/// The batches of a run, step by step; step 0 is the first.
class BatchOrder {
public:
  /// Both outlive this.
  BatchOrder(const TrainingSet& set, const TrainingSettings& settings);

  std::int64_t total_steps() const noexcept { return total_; }
  std::int64_t steps_per_epoch() const noexcept { return per_epoch_; }
  /// Epochs done before `step`.
  double epoch_at(std::int64_t step) const noexcept {
    return static_cast<double>(step) / static_cast<double>(per_epoch_);
  }
  /// The questions of a step; valid until those of another epoch are asked for.
  const std::vector<std::size_t>& batch_of(std::int64_t step);
  /// [questions], tokens of each with the context that the epoch of `step` draws; valid as batch_of() is.
  const std::vector<std::int64_t>& lengths_at(std::int64_t step);
  /// Tokens of the steps from `first` up to, but not including, `last`.
  std::uint64_t tokens_of_steps(std::int64_t first, std::int64_t last);

private:
  void enter(std::int64_t epoch);

  ContextDraw draw_;
  const TrainingSettings& settings_;
  std::int64_t per_epoch_, total_;
  std::int64_t epoch_ = -1; ///< of lengths_ and batches_
  std::vector<std::int64_t> lengths_;
  std::vector<std::vector<std::size_t>> batches_;
};

/// The random numbers of permutation().
RandomStream permutation_stream(std::uint64_t seed, std::uint32_t stream);

/// A permutation of 0 .. count - 1, by the Fisher-Yates shuffle; `stream` distinguishes permutations of one seed.
std::vector<std::size_t> permutation(std::size_t count, std::uint64_t seed, std::uint32_t stream);

} // namespace sciexam::inline train
