// What a finished run leaves: result.json.
#pragma once

#include "support/text/json.hpp"
#include "train/state/scores.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sciexam::inline train {

struct RunResult {
  std::string name;
  std::string result;         ///< "best" or "last": the folder with the weights
  std::string weights_sha256; ///< of its model.safetensors
  std::int64_t steps = 0, best_step = 0, tokens = 0;
  double seconds = 0;
  std::optional<Scores> best, last;
  bool stopped_early = false;
  Json machine = nullptr; ///< where it was trained, as a lock tells it; null: an earlier version trained it
};

Json to_json(const RunResult& result);

/// Writes result.json. Throws WorkError if the disk is full.
void write_result(const std::filesystem::path& folder, const std::string& identity, const RunResult& result);

/// The identity in a folder's result.json; nothing if there is none, or none that can be read.
std::optional<std::string> finished_identity(const std::filesystem::path& folder);

/// The result of the run that finished in this folder; nothing if none has. Throws UsageError if it is that of a run of
/// another identity (see RunStateFiles), or if its weights are no longer what they were.
std::optional<RunResult> finished_run(const std::filesystem::path& folder, const std::string& identity);

} // namespace sciexam::inline train
