// Whether there is enough room on the disk, before anything is trained.
#pragma once

#include "checkpoint/config.hpp"
#include "train/job/request.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace sciexam::inline train {

/// Bytes that a run leaves, and those that it needs besides while it trains.
struct DiskEstimate {
  std::uint64_t results = 0; ///< best/ and last/
  std::uint64_t states = 0;  ///< the state to resume from, and the next one while it is written
};
DiskEstimate estimate_disk(const DebertaConfig& config, const TrainingSettings& settings, bool validates);

/// Logs what the runs will need together, less what their folders in `out` already have. Throws UsageError if there is
/// less, and the request does not say to try anyway. `runs`: name and needs of those to train, one after the other.
void require_disk(const std::vector<std::pair<std::string, DiskEstimate>>& runs, const TrainingRequest& request);

} // namespace sciexam::inline train
