// What a run's answers look like as a whole: agreement, certainty, calibration.
#pragma once

#include "ensemble/answers.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace sciexam {

/// Probabilities of the options, summing to 1, as all answers together have them: the scores of `combine`, scaled;
/// for mean-logits their softmax. Nothing where no model answered.
std::optional<OptionScores> ensemble_probabilities(std::span<const ModelAnswers> models, std::size_t question,
                                                   Combine combine);

/// Of the questions that both models answered, the part with the same first guess; NaN if there are none.
double agreement(const ModelAnswers& a, const ModelAnswers& b);

/// The highest probability less the second highest.
double margin(const OptionScores& probabilities);

/// How many of the margins fall into each tenth of 0 to 1.
std::array<std::size_t, 10> margin_histogram(std::span<const std::optional<OptionScores>> probabilities);

/// The questions with the least margins, least first, at most `count`. Those without probabilities are left out.
std::vector<std::size_t> least_certain(std::span<const std::optional<OptionScores>> probabilities, std::size_t count);

/// First guesses of about the same probability (steps of a tenth), those without any left out: their mean
/// probability, and the part that is right. Questions without an answer do not count.
struct CalibrationStep {
  double probability = 0, right = 0;
  std::size_t questions = 0;
};
std::vector<CalibrationStep> calibration(std::span<const std::optional<OptionScores>> probabilities,
                                         std::span<const Question> questions);

} // namespace sciexam
