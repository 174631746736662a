// What `train` was asked for.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline cli {

struct TrainOptions {
  std::string manifest, base, data, teacher, out, check, pack, device, isa, time_limit, jobs, precision = "f16";
  std::vector<std::string> runs, earlier;
  int threads = 0, folds = 0;
  double retrieval_weight = 0, save_minutes = 0;
  bool resume = false, collect = false, exclude_near_duplicates = false, ignore_memory_estimate = false,
       ignore_disk_estimate = false;
  std::optional<std::size_t> task;
  std::map<std::string, std::string> settings; ///< those given, by name
};

/// The runs that --run names: a number K stands for run_K. None for all.
std::vector<std::string> named_runs(const TrainOptions& options);

/// "learning_rate" -> "--learning-rate".
std::string option_name(std::string_view name);

} // namespace sciexam::inline cli
