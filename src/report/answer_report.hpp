// The page about a run that answered an exam.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline report {

struct ModelReport {
  std::string name;
  std::size_t questions = 0; ///< answered by it
  std::uint64_t tokens = 0;
  double load_seconds = 0, answer_seconds = 0;
  std::optional<double> map_at_3 = {}, accuracy = {}; ///< where the exam has answers
};

/// A question on which the ensemble is unsure.
struct UncertainQuestion {
  std::string id, prompt;
  std::array<std::string, 5> options = {};
  std::string guesses; ///< "B A D"
  std::string answer;  ///< the right letter; empty where it is not known
  /// Each model's name and its probabilities of A to E, then the ensemble's.
  std::vector<std::pair<std::string, std::array<double, 5>>> probabilities = {};
  /// Title, score and text of the passages that were used, best first; empty without an index.
  std::vector<std::array<std::string, 3>> passages = {};
};

/// How often first guesses of similar probability are right.
struct CalibrationPoint {
  double probability = 0; ///< their mean
  double right = 0;       ///< the fraction of them that is right
};

struct AnswerReport {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> highlights = {};
  std::vector<std::string> notices = {}; ///< what went wrong or was given up
  std::vector<ModelReport> models = {};
  /// [model][model]: of the questions that both answered, the fraction with the same first guess; NaN if there are
  /// none.
  std::vector<std::vector<double>> agreement = {};
  /// Histogram of the ensemble's margin (highest probability minus second highest) in ten bins from 0 to 1.
  std::array<std::size_t, 10> margins = {};
  std::vector<std::pair<std::string, double>> stages = {}; ///< name, seconds
  std::vector<UncertainQuestion> least_certain = {};
  std::vector<std::pair<std::string, std::vector<CalibrationPoint>>> calibration = {}; ///< by model name
  std::vector<std::pair<std::string, std::string>> facts = {};                         ///< program, package, machine
};

/// A complete HTML page. Equal reports give equal bytes.
std::string answer_report(const AnswerReport& report);

} // namespace sciexam::inline report
