// Which model answers which question when there may not be time for all.
#pragma once

#include "inference/logits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline ensemble {

/// What one more answer to a question costs, and what it can gain.
struct QuestionToPlan {
  std::int64_t tokens = 0;
  double expected_loss = 0; ///< see expected_loss(); 0: needs no further model
};

/// 1 - (p1 + p2 / 2 + p3 / 3), p descending: what the question is expected to cost of MAP@3 if the probabilities
/// are right. 0 for a certain answer, 1 - 11/30 for a guess.
double expected_loss(const OptionScores& probabilities);

struct PlanLimits {
  double seconds = 0;           ///< that are left
  double tokens_per_second = 1; ///< measured
  double load_seconds = 0;      ///< until a further model can answer
  /// The first of `models` is loaded already and costs no load_seconds.
  bool first_is_loaded = false;
};

/// For each model to come, the questions that it is to answer, the most useful first.
struct EnsemblePlan {
  std::vector<std::vector<std::size_t>> questions;
  double seconds = 0;   ///< that it will take
  double gain = 0;      ///< of the sum of expected losses
  bool complete = true; ///< every model answers every question that needs one
};

/// Plans for `models` further models, each question having `answered` (at least 1) answers. The k-th answer
/// reduces the variance of a mean by 1 / (k - 1) - 1 / k; a question's gain is its expected loss times that.
/// Answers are taken in order of gain per token, for every number of models that can be loaded; the best plan is
/// returned.
EnsemblePlan plan_ensemble(std::span<const QuestionToPlan> questions, std::size_t answered, std::size_t models,
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
