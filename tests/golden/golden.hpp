// Reference results: where they lie, and reading them as tensors.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace sciexam::golden {

/// The folder of reference results: SCIEXAM_GOLDEN, else ../shared/golden beside the checkout.
inline std::filesystem::path folder() {
  const char* given = std::getenv("SCIEXAM_GOLDEN");
  return given != nullptr ? given : std::filesystem::path(SCIEXAM_SOURCE_DIR) / ".." / "shared" / "golden";
}

/// Its subfolders that hold `file`; empty where there are none.
inline std::vector<std::filesystem::path> folders_with(const std::string& file) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder(), error), end; !error && entry != end; entry.increment(error))
    if (std::filesystem::exists(entry->path() / file))
      found.push_back(entry->path());
  return found;
}

} // namespace sciexam::golden
