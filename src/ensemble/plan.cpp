#include "ensemble/plan.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sciexam::inline ensemble {
namespace {

/// One answer: the question, and its place among the further ones, from 0 on.
struct Answer {
  std::size_t question, pass;
  double gain, gain_per_token;
};

/// 1 / (k - 1) - 1 / k for the k-th answer.
double variance_removed(std::size_t number) {
  return 1.0 / static_cast<double>((number - 1) * number);
}

std::vector<Answer> possible_answers(std::span<const double> losses, std::size_t answered,
                                     std::span<const PlannedPass> passes) {
  std::vector<Answer> answers;
  for (std::size_t p = 0; p < passes.size(); ++p)
    for (std::size_t q = 0; q < losses.size(); ++q)
      if (losses[q] > 0 && passes[p].tokens[q] > 0) {
        const double gain = losses[q] * variance_removed(answered + p + 1);
        answers.push_back({q, p, gain, gain / static_cast<double>(passes[p].tokens[q])});
      }
  // Stable: of equal use, the earlier pass and question first.
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.gain_per_token > b.gain_per_token; });
  return answers;
}

EnsemblePlan plan_with(std::span<const Answer> answers, std::span<const PlannedPass> passes, const PlanLimits& limits) {
  EnsemblePlan plan;
  plan.questions.resize(passes.size());
  std::size_t planned = 0;
  for (const PlannedPass& pass : passes)
    plan.seconds += pass.needs_load ? limits.load_seconds : 0;
  for (const Answer& answer : answers) {
    if (answer.pass >= passes.size())
      continue;
    const double seconds = static_cast<double>(passes[answer.pass].tokens[answer.question]) / limits.tokens_per_second;
    if (plan.seconds + seconds > limits.seconds)
      break; // not skipped for a shorter one: nearly all are about as long
    plan.seconds += seconds;
    plan.gain += answer.gain;
    plan.questions[answer.pass].push_back(answer.question);
    ++planned;
  }
  plan.complete = planned == answers.size();
  return plan;
}

} // namespace

double expected_loss(const OptionScores& probabilities) {
  OptionScores sorted = probabilities;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  return std::max(0.0, 1 - (sorted[0] + sorted[1] / 2 + sorted[2] / 3));
}

EnsemblePlan plan_ensemble(std::span<const double> losses, std::size_t answered, std::span<const PlannedPass> passes,
                           const PlanLimits& limits) {
  const std::vector<Answer> answers = possible_answers(losses, answered, passes);
  EnsemblePlan best;
  best.complete = answers.empty();
  for (std::size_t count = 1; count <= passes.size(); ++count) {
    EnsemblePlan plan = plan_with(answers, passes.first(count), limits);
    if (plan.seconds <= limits.seconds && plan.gain > best.gain)
      best = std::move(plan);
  }
  best.questions.resize(passes.size());
  return best;
}

void LengthHistogram::add(std::int64_t length) {
  const auto index = static_cast<std::size_t>(length);
  if (index >= counts_.size())
    counts_.resize(index + 1);
  ++counts_[index];
}

void LengthHistogram::remove(std::int64_t length) {
  --counts_.at(static_cast<std::size_t>(length));
}

std::int64_t LengthHistogram::tokens(std::int64_t max_length) const {
  std::int64_t tokens = 0;
  for (std::size_t length = 0; length < counts_.size(); ++length)
    tokens += counts_[length] * std::min(static_cast<std::int64_t>(length), max_length);
  return tokens;
}

std::int64_t LengthHistogram::longest() const {
  for (std::size_t length = counts_.size(); length > 0; --length)
    if (counts_[length - 1] > 0)
      return static_cast<std::int64_t>(length) - 1;
  return 0;
}

std::int64_t LengthHistogram::longest_within(std::int64_t budget, std::int64_t least) const {
  std::int64_t fits = least, too_long = longest() + 1;
  while (fits + 1 < too_long) {
    const std::int64_t middle = fits + (too_long - fits) / 2;
    (tokens(middle) <= budget ? fits : too_long) = middle;
  }
  return fits;
}

} // namespace sciexam::inline ensemble
