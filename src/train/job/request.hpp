// What a training is asked to do, and what came of it.
#pragma once

#include "train/manifest/manifest.hpp"
#include "train/state/run_result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline train {

/// Names and values, to be shown.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct TrainingRequest {
  TrainingManifest manifest;        ///< with the command line's overrides applied
  std::filesystem::path base, data; ///< empty: each file is looked for (input_finder.hpp)
  std::filesystem::path teacher;    ///< the package, or the folder of the checkpoints, of the manifest's teacher
  std::filesystem::path out;
  std::vector<std::string> runs; ///< names of those to train; empty: all
  std::int64_t folds = 0; ///< 2 or more: each run is trained this many times, each with a different part held out
  int threads = 1;
  std::string device = "auto"; ///< "auto", "cpu", "cuda", "cuda:1"; while it trains, what it trains on
  NamedTexts device_facts;     ///< of a GPU that trains: what must be equal for equal weights
  bool resume = false;
  std::optional<std::size_t> task; ///< the only one of the planned runs to be trained; lock and report are not written
  bool collect = false; ///< train nothing: wait for the runs that other processes train, and take their results
  std::vector<std::filesystem::path> earlier; ///< with resume: outputs of earlier sessions, whose runs are copied
  bool ignore_memory_estimate = false, ignore_disk_estimate = false;
  double save_minutes = 0;                   ///< see RunRequest
  std::function<double()> seconds_left = {}; ///< the same
  std::string program;                       ///< its version, for the lock

  bool on_cpu() const { return device.starts_with("cpu"); }
};

struct TrainingOutcome {
  std::vector<RunResult> runs;
  std::vector<std::string> unfinished;            ///< runs for which the time did not suffice
  std::vector<std::filesystem::path> checkpoints; ///< the folder of each run's result
  std::vector<std::string> warnings;
  Json lock; ///< null as long as no run has finished
};

} // namespace sciexam::inline train
