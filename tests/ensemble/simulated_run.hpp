// A DeadlineRun on a simulated clock and machine.
#pragma once

#include "ensemble/deadline_run.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::test {

/// A shared machine: every so often its speed changes, and now and then it stands still.
struct SimulatedMachine {
  double tokens_per_second = 100, load_seconds = 5;
  double change_every = 1e18; ///< seconds between changes of speed
  double slowest = 1;         ///< the smallest factor to which it changes
  double suspended = 0;       ///< seconds that it stands still, once, at half the limit
  std::vector<bool> broken = {false, false, false};
  double least_tokens = 0;                              ///< fewer take as long as these
  std::vector<double> most_tokens = {1e18, 1e18, 1e18}; ///< for which a model finds memory at once
  double attention_length = 1e18;           ///< tokens of a sequence whose attention takes as long as everything else
  std::vector<std::size_t> impossible = {}; ///< questions that nothing but the first model can answer
  std::size_t streams = 1;                  ///< into which the questions are divided
  std::size_t lost_after = SIZE_MAX;        ///< batches, after which the first model can no longer answer
};

/// What a runner was asked for.
struct AskedBatch {
  std::size_t model;
  std::vector<std::size_t> readings;
  std::int64_t max_length;
};

/// What became of a run.
struct Outcome {
  std::vector<std::size_t> answered;
  std::vector<std::string> given_up;
  double used;
  std::int64_t shortest_cut;
  bool hurried;
  std::vector<AskedBatch> asked;
};

/// A run of three models.
Outcome simulate(std::span<const QuestionLengths> questions, const SimulatedMachine& machine, DeadlineOptions options,
                 std::uint64_t seed = 0, DeadlineEvents events = {});

/// Questions of 125 to 715 tokens.
std::vector<QuestionLengths> random_lengths(std::size_t count, std::uint64_t seed);

double total_tokens(std::span<const QuestionLengths> questions);

} // namespace sciexam::test
