// Whether there is enough room on the disk, before anything is trained.
#pragma once

#include "checkpoint/config.hpp"
#include "train/job/request.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// Bytes of what a run keeps on the disk.
struct RunDisk {
  std::string name;
  std::uint64_t weights = 0; ///< its result; while it trains, also the next one while that is written
  std::uint64_t state = 0;   ///< to resume from, while it trains
};
RunDisk run_disk(const std::string& name, const DebertaConfig& config, const TrainingSettings& settings);

/// What runs need at most at any time if `at_once` of them train side by side.
struct DiskNeed {
  std::uint64_t least = 0;   ///< with states that take the place of the ones before them
  std::uint64_t careful = 0; ///< with one state at a time written beside the one before it
};
DiskNeed disk_need(const std::vector<RunDisk>& runs, std::size_t at_once);

/// Logs what the runs will need together, less what their folders in `out` already have, and warns where there is no
/// room for careful states. Throws UsageError if there is less than the least, and the request does not say to try
/// anyway.
void require_disk(const std::vector<RunDisk>& runs, std::size_t at_once, const TrainingRequest& request);

} // namespace sciexam::inline train
