// What a killed run needs to continue as if nothing had happened.
#pragma once

#include "support/text/json.hpp"
#include "train/engine/training_engine.hpp"
#include "train/state/scores.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// Where a run is. Generators need no state: order and dropout are functions of the seed and the step.
struct RunProgress {
  std::int64_t step = 0;      ///< optimiser steps done
  std::int64_t tokens = 0;    ///< trained on so far
  double seconds = 0;         ///< of work, over all resumptions
  std::optional<Scores> best; ///< of the best validation
  std::int64_t best_step = 0;
  std::optional<Scores> last; ///< of the last validation
  std::int64_t validations_without_progress = 0;
  bool stopped_early = false;
  double loss_average = 0; ///< see LossWatch
  std::int64_t pinned_steps = 0;
};

/// A state, as the JSON file beside its tensors says.
struct StoredState {
  std::int64_t step = 0;
  std::string identity;
};

/// The newest state in a folder; nothing if there is none whose JSON file can be read.
std::optional<StoredState> newest_state(const std::filesystem::path& folder);

/// Keeps a run's state in a folder: the engine's tensors as safetensors, and beside them a JSON file with the progress
/// and their hash. Only the newest is kept, and, where the disk has room for two, its predecessor while it is written:
/// large models' take gigabytes.
class RunStateFiles {
public:
  /// `identity` stands for everything that the run depends on (settings, data, base, threads, instruction set): a state
  /// of another identity is refused.
  RunStateFiles(std::filesystem::path folder, std::string identity);

  /// Writes both files to temporary names, syncs, renames; then removes older ones. Runs of one process write one at a
  /// time. Throws WorkError if the disk is full: earlier states are then still intact, except where they had to make
  /// room, because two do not fit but one does.
  void save(const RunProgress& progress, const TrainingEngine& engine);

  /// Gives the engine the newest state that is complete. States that are torn or damaged are named in a message and
  /// skipped. Nothing if there is none. Throws UsageError for a state of another identity.
  std::optional<RunProgress> load(TrainingEngine& engine) const;

  /// Removes all states: the run has finished.
  void remove();

private:
  std::filesystem::path tensors_file(std::int64_t step) const;
  std::filesystem::path progress_file(std::int64_t step) const;
  void remove_step(std::int64_t step) const;
  void make_room(std::uint64_t bytes) const;
  RunProgress load_step(std::int64_t step, TrainingEngine& engine) const;

  std::filesystem::path folder_;
  std::string identity_;
};

} // namespace sciexam::inline train
