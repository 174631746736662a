// Which model answers which question, with which of its contexts, when there may not be time for all.
#pragma once

#include "inference/logits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline ensemble {

/// One model over all questions, each with one of its contexts.
struct PlannedPass {
  std::vector<std::int64_t> tokens = {}; ///< [questions]; 0: there is nothing to be read
  bool needs_load = true;                ///< another model is loaded before
};

/// 1 - (p1 + p2 / 2 + p3 / 3), p descending: what the question is expected to cost of MAP@3 if the probabilities
/// are right. 0 for a certain answer, 1 - 11/30 for a guess.
double expected_loss(const OptionScores& probabilities);

struct PlanLimits {
  double seconds = 0;           ///< that are left
  double tokens_per_second = 1; ///< measured
  double load_seconds = 0;      ///< until a further model can answer
};

/// For each pass to come, the questions that it is to answer, the most useful first.
struct EnsemblePlan {
  std::vector<std::vector<std::size_t>> questions;
  double seconds = 0;   ///< that it will take
  double gain = 0;      ///< of the sum of expected losses
  bool complete = true; ///< every pass answers every question that needs an answer and can be read
};

/// Plans further passes. `losses`: of each question, see expected_loss(); 0: it needs no further answer. Each has
/// `answered` (at least 1) answers. The k-th answer reduces the variance of a mean by 1 / (k - 1) - 1 / k; a question's
/// gain is its expected loss times that. Answers are taken in order of gain per token, for every number of passes from
/// the first on; the best plan is returned.
EnsemblePlan plan_ensemble(std::span<const double> losses, std::size_t answered, std::span<const PlannedPass> passes,
                           const PlanLimits& limits);

/// How many sequences have which length: how far must they be cut to fit into the time?
class LengthHistogram {
public:
  void add(std::int64_t length);
  void remove(std::int64_t length);
  /// Tokens of all sequences if none is longer than `max_length`.
  std::int64_t tokens(std::int64_t max_length) const;
  /// The largest max_length, at least `least`, with at most `budget` tokens; `least` also if not even that fits.
  std::int64_t longest_within(std::int64_t budget, std::int64_t least) const;
  /// The longest sequence, 0 if there is none.
  std::int64_t longest() const;

private:
  std::vector<std::int64_t> counts_;
};

} // namespace sciexam::inline ensemble
