#include "train/job/disk_check.hpp"

#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "train/optimizer/trained_parameters.hpp"

#include <algorithm>

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

/// Of the disk that will hold the folder, which may not exist yet; nothing if unknown.
std::optional<std::uint64_t> free_bytes(fs::path folder) {
  std::error_code error;
  folder = fs::absolute(folder, error);
  while (!fs::exists(folder, error) && folder.has_relative_path())
    folder = folder.parent_path();
  const fs::space_info space = fs::space(folder, error);
  return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

} // namespace

DiskEstimate estimate_disk(const DebertaConfig& config, const TrainingSettings& settings, bool validates) {
  constexpr std::uint64_t kFloat = 4;
  std::uint64_t all = 0, trained = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    all += tensor.elements();
    trained += is_frozen(tensor.name, settings) ? 0 : tensor.elements();
  }
  const std::uint64_t results = validates && settings.load_best_model_at_end ? 2 : 1;
  const std::uint64_t copies = settings.ema_decay > 0 ? 4 : 3; // weights, two moments, their average
  return {.results = results * all * kFloat, .states = 2 * copies * trained * kFloat};
}

void require_disk(const std::vector<std::pair<std::string, DiskEstimate>>& runs, const TrainingRequest& request) {
  std::uint64_t left = 0, most = 0; // by the runs before; at any time
  for (const auto& [name, estimate] : runs) {
    const std::uint64_t there = bytes_in(request.out / name), needed = estimate.results + estimate.states;
    most = std::max(most, left + (needed > there ? needed - there : 0));
    left += estimate.results > there ? estimate.results - there : 0;
  }
  const std::optional<std::uint64_t> free = free_bytes(request.out);
  log_line("disk: the runs need up to " + format_memory(most) + " more in " + request.out.string() +
           "; free: " + (free ? format_memory(*free) : "unknown"));
  if (free && most > *free && !request.ignore_disk_estimate)
    throw UsageError("the runs need up to " + format_memory(most) + " of disk, but only " + format_memory(*free) +
                     " is free in " + request.out.string() +
                     ". Free some space, train fewer runs at a time with --run, or try anyway: --ignore-disk-estimate");
}

} // namespace sciexam::inline train
