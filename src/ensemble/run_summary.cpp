#include "ensemble/run_summary.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace sciexam::inline ensemble {
namespace {

constexpr std::size_t kSteps = 10;

std::size_t step_of(double part) {
  return std::min(kSteps - 1, static_cast<std::size_t>(std::max(0.0, part) * kSteps));
}

std::size_t first_guess(const OptionScores& scores) {
  return rank_by_scores(scores)[0];
}

} // namespace

double agreement(const ModelAnswers& a, const ModelAnswers& b) {
  std::size_t both = 0, same = 0;
  for (std::size_t q = 0; q < a.logits.size(); ++q)
    if (a.logits[q] && b.logits[q]) {
      ++both;
      same += first_guess(softmax(*a.logits[q])) == first_guess(softmax(*b.logits[q]));
    }
  return both == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(same) / static_cast<double>(both);
}

double margin(const OptionScores& probabilities) {
  OptionScores sorted = probabilities;
  std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
  return sorted[0] - sorted[1];
}

std::array<std::size_t, kSteps> margin_histogram(std::span<const std::optional<OptionScores>> probabilities) {
  std::array<std::size_t, kSteps> counts{};
  for (const std::optional<OptionScores>& of_question : probabilities)
    if (of_question)
      ++counts[step_of(margin(*of_question))];
  return counts;
}

std::vector<std::size_t> least_certain(std::span<const std::optional<OptionScores>> probabilities, std::size_t count) {
  std::vector<std::size_t> questions;
  for (std::size_t q = 0; q < probabilities.size(); ++q)
    if (probabilities[q])
      questions.push_back(q);
  std::stable_sort(questions.begin(), questions.end(),
                   [&](std::size_t a, std::size_t b) { return margin(*probabilities[a]) < margin(*probabilities[b]); });
  questions.resize(std::min(count, questions.size()));
  return questions;
}

std::vector<CalibrationStep> calibration(std::span<const std::optional<OptionScores>> probabilities,
                                         std::span<const Question> questions) {
  std::array<CalibrationStep, kSteps> steps{};
  for (std::size_t q = 0; q < probabilities.size(); ++q) {
    if (!probabilities[q] || !questions[q].answer)
      continue;
    const std::size_t guess = with_empty_options_last(rank_by_scores(*probabilities[q]), questions[q])[0];
    CalibrationStep& step = steps[step_of((*probabilities[q])[guess])];
    step.probability += (*probabilities[q])[guess];
    step.right += static_cast<int>(guess) == *questions[q].answer;
    ++step.questions;
  }
  std::vector<CalibrationStep> used;
  for (const CalibrationStep& step : steps)
    if (const auto count = static_cast<double>(step.questions); count > 0)
      used.push_back({step.probability / count, step.right / count, step.questions});
  return used;
}

} // namespace sciexam::inline ensemble
