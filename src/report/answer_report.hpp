// The page that tells how a run answered an exam.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sciexam {

struct ModelReport {
  std::string name;
  std::size_t questions = 0; ///< that it answered
  std::uint64_t tokens = 0;
  double load_seconds = 0, answer_seconds = 0;
  std::optional<double> map_at_3 = {}, accuracy = {}; ///< where the exam has answers
};

/// A question of which the ensemble is not sure.
struct UncertainQuestion {
  std::string id, prompt;
  std::array<std::string, 5> options = {};
  std::string guesses; ///< "B A D"
  std::string answer;  ///< the right letter; empty where it is not known
  /// Each model's probabilities of A to E, by its name, then the ensemble's.
  std::vector<std::pair<std::string, std::array<double, 5>>> probabilities = {};
};

/// How often first guesses of about the same probability are right.
struct CalibrationPoint {
  double probability = 0; ///< their mean
  double right = 0;       ///< the part of them that is right
};

struct AnswerReport {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> highlights = {};
  std::vector<std::string> notices = {}; ///< what went wrong or was given up
  std::vector<ModelReport> models = {};
  /// [model][model]: the part of the questions that both answered where their first guesses agree; NaN without any.
  std::vector<std::vector<double>> agreement = {};
  /// Questions by the ensemble's margin, its first probability less its second, in ten steps from 0 to 1.
  std::array<std::size_t, 10> margins = {};
  std::vector<std::pair<std::string, double>> stages = {}; ///< name, seconds
  std::vector<UncertainQuestion> least_certain = {};
  std::vector<std::pair<std::string, std::vector<CalibrationPoint>>> calibration = {}; ///< by name of model
  std::vector<std::pair<std::string, std::string>> facts = {};                         ///< program, package, machine
};

/// A whole HTML page. The same report gives the same bytes.
std::string answer_report(const AnswerReport& report);

} // namespace sciexam
