#include "train/job/disk_check.hpp"

#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "train/optimizer/trained_parameters.hpp"

#include <algorithm>
#include <functional>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->is_regular_file(error))
      bytes += entry->file_size(error);
  return bytes;
}

std::uint64_t less(std::uint64_t bytes, std::uint64_t there) {
  return bytes - std::min(bytes, there);
}

} // namespace

RunDisk run_disk(const std::string& name, const DebertaConfig& config, const TrainingSettings& settings) {
  constexpr std::uint64_t kFloat = 4;
  std::uint64_t all = 0, trained = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    all += tensor.elements();
    trained += is_frozen(tensor.name, settings) ? 0 : tensor.elements();
  }
  const std::uint64_t copies = settings.ema_decay > 0 ? 4 : 3; // weights, two moments, their average
  return {name, all * kFloat, copies * trained * kFloat};
}

DiskNeed disk_need(const std::vector<RunDisk>& runs, std::size_t at_once) {
  DiskNeed need;
  std::vector<std::uint64_t> under_way;
  std::uint64_t largest_state = 0;
  for (const RunDisk& run : runs) {
    need.least += run.weights;
    under_way.push_back(run.weights + run.state);
    largest_state = std::max(largest_state, run.state);
  }
  std::sort(under_way.begin(), under_way.end(), std::greater<>());
  under_way.resize(std::min(under_way.size(), at_once));
  for (const std::uint64_t bytes : under_way)
    need.least += bytes;
  need.careful = need.least + largest_state;
  return need;
}

void require_disk(const std::vector<RunDisk>& runs, std::size_t at_once, const TrainingRequest& request) {
  const DiskNeed need = disk_need(runs, at_once);
  std::uint64_t there = 0;
  for (const RunDisk& run : runs)
    there += bytes_in(request.out / run.name);
  const std::uint64_t least = less(need.least, there), careful = less(need.careful, there);
  const std::optional<std::uint64_t> free = free_disk(request.out);
  log_line("disk: the runs need up to " + format_memory(careful) + " more in " + request.out.string() +
           "; free: " + (free ? format_memory(*free) : "unknown"));
  if (!free || *free >= careful)
    return;
  if (*free < least && !request.ignore_disk_estimate)
    throw UsageError("the runs need at least " + format_memory(least) + " of disk, but only " + format_memory(*free) +
                     " is free in " + request.out.string() +
                     ". Free some space, train fewer runs at a time with --run, or try anyway: --ignore-disk-estimate");
  log_line(
      "disk: where there is no room for two states of a run, the next one is written in the place of the one before "
      "it. Killed at that moment, the run has to begin anew");
}

} // namespace sciexam::inline train
