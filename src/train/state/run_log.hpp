// The log of one run: JSON lines, for machines and for the report.
#pragma once

#include "report/training_report.hpp"
#include "support/text/json.hpp"
#include "train/state/scores.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace sciexam::inline train {

/// One optimiser step.
struct StepRecord {
  std::int64_t step = 0; ///< from 1
  double epoch = 0, loss = 0, learning_rate = 0, gradient_norm = 0;
  std::int64_t tokens = 0; ///< of this step
  double seconds = 0;      ///< that it took
};

/// Appends lines {"event": "step" | "validation" | "warning", "step": ..., ...}, each flushed at once.
class RunLog {
public:
  /// Keeps the lines of an earlier process up to `step` and drops later ones, which will be made again.
  /// Throws WorkError if the file cannot be written.
  RunLog(std::filesystem::path file, std::int64_t step);

  void step(const StepRecord& record);
  void validation(std::int64_t step, double epoch, const Scores& scores);
  void warning(std::int64_t step, const std::string& text);

private:
  void write(const Json& line);

  std::filesystem::path file_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out_;
  bool failed_ = false;
};

/// What the report needs of a log; lines that are not records (a torn last one) are skipped.
RunReport read_run_log(const std::filesystem::path& file, const std::string& name);

} // namespace sciexam::inline train
