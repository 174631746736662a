// One training run: from initial weights to a checkpoint folder.
#pragma once

#include "model/deberta.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"
#include "train/run/validation.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam {

/// What a run needs. Its folder gets log.jsonl, best/ and last/ (checkpoints in Hugging Face's form), result.json at
/// the end, and, while it is under way, resume/.
struct RunRequest {
  std::string name;
  TrainingSettings settings;
  const TrainingSet* train = nullptr;
  const TrainingSet* valid = nullptr; ///< may be empty
  std::filesystem::path folder;
  std::string config_text;      ///< config.json, copied into the checkpoints
  Vocabulary vocabulary;        ///< copied too, under its own name
  Json record = Json::object(); ///< what training.json says besides the run's own figures
  std::string identity;         ///< stands for all inputs and settings, see RunStateFiles
  bool resume = false;
};

struct RunResult {
  std::string name;
  std::string result;         ///< "best" or "last": the folder with the weights
  std::string weights_sha256; ///< of its model.safetensors
  std::int64_t steps = 0, best_step = 0, tokens = 0;
  double seconds = 0;
  std::optional<Scores> best, last;
  bool stopped_early = false;
};

Json to_json(const RunResult& result);

/// Trains `network`, whose weights are the initial ones; afterwards it holds the last ones. Throws WorkError if
/// the loss, a gradient or a score in validation is not finite (naming the questions; the last good state is kept), if
/// a checkpoint cannot be written, or when interrupted (the state is saved first); UsageError if the folder holds
/// another run's state, or a state although `resume` is false.
RunResult train_run(DebertaForMultipleChoice& network, const RunRequest& request);

/// The result of a run that has ended in this folder, if its weights are still what they were.
std::optional<RunResult> finished_run(const std::filesystem::path& folder, const std::string& identity);

/// Optimiser steps of a run.
std::int64_t total_steps(const TrainingSettings& settings, std::size_t questions);

} // namespace sciexam
