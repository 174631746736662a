#include "ensemble/plan.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sciexam::inline ensemble {
namespace {

/// One answer of one model: the question, and the place of that answer among the further ones, from 0 on.
struct Answer {
  std::size_t question, number;
  double gain, gain_per_token;
};

/// 1 / (k - 1) - 1 / k for the k-th answer.
double variance_removed(std::size_t number) {
  return 1.0 / static_cast<double>((number - 1) * number);
}

std::vector<Answer> possible_answers(std::span<const QuestionToPlan> questions, std::size_t answered,
                                     std::size_t models) {
  std::vector<Answer> answers;
  for (std::size_t m = 0; m < models; ++m)
    for (std::size_t q = 0; q < questions.size(); ++q)
      if (questions[q].expected_loss > 0) {
        const double gain = questions[q].expected_loss * variance_removed(answered + m + 1);
        answers.push_back({q, m, gain, gain / static_cast<double>(std::max<std::int64_t>(1, questions[q].tokens))});
      }
  // Stable: of equal use, the earlier model and question first.
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.gain_per_token > b.gain_per_token; });
  return answers;
}

EnsemblePlan plan_with(std::span<const QuestionToPlan> questions, std::span<const Answer> answers, std::size_t models,
                       const PlanLimits& limits) {
  EnsemblePlan plan;
  plan.questions.resize(models);
  const std::size_t loads = models - (limits.first_is_loaded ? 1 : 0);
  plan.seconds = static_cast<double>(loads) * limits.load_seconds;
  for (const Answer& answer : answers) {
    if (answer.number >= models)
      continue;
    const double seconds = static_cast<double>(questions[answer.question].tokens) / limits.tokens_per_second;
    if (plan.seconds + seconds > limits.seconds) {
      plan.complete = false;
      break; // not skipped for a shorter one: nearly all are about as long
    }
    plan.seconds += seconds;
    plan.gain += answer.gain;
    plan.questions[answer.number].push_back(answer.question);
  }
  return plan;
}

} // namespace

double expected_loss(const OptionScores& probabilities) {
  OptionScores sorted = probabilities;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  return std::max(0.0, 1 - (sorted[0] + sorted[1] / 2 + sorted[2] / 3));
}

EnsemblePlan plan_ensemble(std::span<const QuestionToPlan> questions, std::size_t answered, std::size_t models,
                           const PlanLimits& limits) {
  const std::vector<Answer> answers = possible_answers(questions, answered, models);
  EnsemblePlan best;
  best.complete = models == 0 || answers.empty();
  for (std::size_t count = 1; count <= models; ++count) {
    EnsemblePlan plan = plan_with(questions, answers, count, limits);
    plan.complete = plan.complete && count == models;
    if (plan.seconds <= limits.seconds && plan.gain > best.gain)
      best = std::move(plan);
  }
  best.questions.resize(models);
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
