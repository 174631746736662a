#include "cli/train_options.hpp"

#include <algorithm>

namespace sciexam::inline cli {

std::vector<std::string> named_runs(const TrainOptions& options) {
  std::vector<std::string> names;
  if (options.runs != std::vector<std::string>{"all"})
    for (const std::string& run : options.runs)
      names.push_back(run.find_first_not_of("0123456789") == std::string::npos ? "run_" + run : run);
  return names;
}

std::string option_name(std::string_view name) {
  std::string option = "--" + std::string(name);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

} // namespace sciexam::inline cli
