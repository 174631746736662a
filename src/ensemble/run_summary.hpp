// A run's answers as a whole: agreement, certainty, calibration.
#pragma once

#include "ensemble/answers.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace sciexam::inline ensemble {

/// The fraction of the questions answered by both models that have the same first guess; NaN if there are none.
double agreement(const ModelAnswers& a, const ModelAnswers& b);

/// The highest probability minus the second highest.
double margin(const OptionScores& probabilities);

/// How many margins fall into each tenth of 0 to 1.
std::array<std::size_t, 10> margin_histogram(std::span<const std::optional<OptionScores>> probabilities);

/// The `count` questions with the smallest margins, smallest first. Those without probabilities are left out.
std::vector<std::size_t> least_certain(std::span<const std::optional<OptionScores>> probabilities, std::size_t count);

/// First guesses of about the same probability (steps of a tenth): their mean probability, and the fraction that is
/// right. Questions without probabilities or without a known answer do not count; empty steps are left out.
struct CalibrationStep {
  double probability = 0, right = 0;
  std::size_t questions = 0;
};
std::vector<CalibrationStep> calibration(std::span<const std::optional<OptionScores>> probabilities,
                                         std::span<const Question> questions);

} // namespace sciexam::inline ensemble
