// Runs that an earlier session left, in a notebook as a read-only input, and that go on in this one's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace sciexam::inline train {

/// A run in an earlier session's output folder.
struct EarlierRun {
  std::filesystem::path folder; ///< .../run_0
  bool finished = false;
  std::int64_t step = 0; ///< of the state to resume from
};

/// The run `name` in one of the folders `outputs`: one that has finished, else the one that got farthest; nothing if
/// none has a result or a state. Throws UsageError if they are all those of other runs than `identity` (RunStateFiles).
std::optional<EarlierRun> find_earlier_run(std::span<const std::filesystem::path> outputs, const std::string& name,
                                           const std::string& identity);

/// Copies a run's folder to `to`, where it is complete or not at all, and may be written to. Throws WorkError.
void copy_run(const std::filesystem::path& from, const std::filesystem::path& to);

/// Both: copies the run that belongs into `folder`, if there is one, and says so.
void take_over(std::span<const std::filesystem::path> outputs, const std::filesystem::path& folder,
               const std::string& identity);

} // namespace sciexam::inline train
