// The page about a training run, finished or under way: it may be rewritten at any step.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline report {

/// One step of the optimiser. What was not measured is NaN and is left out.
struct TrainingStep {
  std::int64_t step = 0;
  double epoch = 0; ///< epochs done, e.g. 0.25
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0; ///< before clipping
  double tokens_per_second = 0;
};

/// One pass over the held-out questions.
struct ValidationPoint {
  std::int64_t step = 0;
  double epoch = 0;
  double loss = 0;
  double map_at_3 = 0;
  double accuracy = 0;
};

struct RunReport {
  std::string name;
  std::vector<TrainingStep> steps = {};
  std::vector<ValidationPoint> validations = {};
  /// More columns for the table of runs: name, value. One named like a built-in column ("steps", "epochs", "training
  /// loss", "best MAP@3", "accuracy") replaces its value.
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::vector<std::string> warnings = {};
};

struct TrainingReport {
  std::string title, subtitle;
  std::vector<RunReport> runs = {};
  std::vector<std::pair<std::string, std::string>> settings = {}; ///< name, value
  std::vector<std::pair<std::string, std::string>> ensemble = {}; ///< name, value; empty while there are no scores
};

/// A complete HTML page: warnings, the ensemble's scores, a table of the runs,
/// plots over the steps (training and validation loss, MAP@3, learning rate, gradient
/// norm, tokens per second) and the settings. Equal reports give equal bytes.
std::string training_report(const TrainingReport& report);

} // namespace sciexam::inline report
