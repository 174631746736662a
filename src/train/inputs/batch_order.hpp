// Which questions make up each optimiser step: a function of the seed and the
// step alone, so that a resumed run goes on with the same ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam {

struct OrderOptions {
  std::uint64_t seed = 0;
  std::size_t batch_size = 1;   ///< questions
  bool group_by_length = false; ///< batches of like length: sorted within runs of kLengthGroupBatches batches
};

inline constexpr std::size_t kLengthGroupBatches = 50; // as transformers' LengthGroupedSampler

/// Steps of one epoch; the last one may have fewer questions.
std::int64_t steps_per_epoch(std::size_t questions, std::size_t batch_size);

/// The questions of every step of one epoch: each question once. `lengths` are their tokens.
std::vector<std::vector<std::size_t>> epoch_batches(std::span<const std::int64_t> lengths, std::int64_t epoch,
                                                    const OrderOptions& options);

/// A permutation of 0 .. count - 1, by Fisher and Yates' shuffle; `stream` tells permutations of one seed apart.
std::vector<std::size_t> permutation(std::size_t count, std::uint64_t seed, std::uint32_t stream);

} // namespace sciexam
