// One training run: from initial weights to a checkpoint folder.
#pragma once

#include "train/engine/training_engine.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"
#include "train/state/checkpoint_folder.hpp"
#include "train/state/run_result.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace sciexam::inline train {

/// What a run needs. Its folder gets log.jsonl, its result, best/ or last/ (a checkpoint in Hugging Face's form),
/// result.json at the end, and, while it is under way, resume/.
struct RunRequest {
  std::string name;
  TrainingSettings settings;
  const TrainingSet* train = nullptr;
  const TrainingSet* valid = nullptr; ///< may be empty
  std::filesystem::path folder;
  CheckpointFiles files;  ///< of its checkpoints; the record, without the run's own figures
  Json machine = nullptr; ///< see RunResult
  std::string identity;   ///< stands for all inputs and settings, see RunStateFiles
  bool resume = false;
  double save_minutes = 0; ///< above 0: states are written so often, and not by the settings' save_steps
  std::function<double()> seconds_left = {}; ///< until the run must have stopped; empty: there is no limit
  std::function<bool()> lost = {};           ///< true: another process has taken the run over (RunClaim); empty: never
};

/// Trains the weights that `engine` holds, the initial ones; afterwards it holds the last ones. Nothing if the time
/// does not suffice for the next step: the state is saved. Throws WorkError if the loss, a gradient or a score in
/// validation is not finite (naming the questions; the last good state is kept), if a checkpoint cannot be written, or
/// when interrupted (the state is saved first) or lost (nothing more is written); UsageError if the folder holds
/// another run's state, or a state although `resume` is false.
std::optional<RunResult> train_run(TrainingEngine& engine, const RunRequest& request);

} // namespace sciexam::inline train
