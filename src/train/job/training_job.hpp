// A manifest's runs, one after the other: what `sciexam-run train` does.
#pragma once

#include "train/loop/training_loop.hpp"
#include "train/manifest/manifest.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam {

struct TrainingRequest {
  TrainingManifest manifest; ///< with the command line's overrides applied
  std::filesystem::path base, data, out;
  std::vector<std::string> runs; ///< names of those to train; empty: all
  std::int64_t folds = 0;        ///< 2 or more: each run is trained so many times, each with another part held out
  int threads = 1;
  std::string device = "cpu"; ///< "cpu", or, with a LibTorch that has it, "cuda", "cuda:1"
  bool resume = false;
  bool ignore_memory_estimate = false;
  std::string program; ///< its version, for the lock
};

struct TrainingOutcome {
  std::vector<RunResult> runs;
  std::vector<std::filesystem::path> checkpoints; ///< the folder of each run's result
  std::vector<std::string> warnings;
  Json lock;
};

/// Trains what is asked for. Leaves in `out`: a folder a run, lock.json, report.html (written anew after each run),
/// and, for runs with validation questions, NAME/predictions.csv with the result's probabilities for them; with
/// folds also NAME_out_of_fold.csv over all questions. Throws as train_run(), and UsageError, before anything is
/// trained, if the estimated memory is not there.
TrainingOutcome train_all(const TrainingRequest& request);

} // namespace sciexam
