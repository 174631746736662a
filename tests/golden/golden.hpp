// Reference results: where they lie. README.md beside this file says what they are.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::golden {

/// The project's own, tests/golden/results as the build unpacked them.
inline std::filesystem::path own() {
  return SCIEXAM_GOLDEN_RESULTS;
}

/// Where more of the same form may lie, or a part of it: SCIEXAM_GOLDEN, else ../shared/golden beside the checkout.
inline std::filesystem::path additional() {
  const char* given = std::getenv("SCIEXAM_GOLDEN");
  return given != nullptr && *given != '\0' ? given
                                            : std::filesystem::path(SCIEXAM_SOURCE_DIR) / ".." / "shared" / "golden";
}

/// The folders of results that are there; the first is own().
inline std::vector<std::filesystem::path> sources() {
  std::vector<std::filesystem::path> found{own()};
  if (std::filesystem::is_directory(additional()))
    found.push_back(additional());
  return found;
}

/// The subfolders of all sources that hold `file`.
inline std::vector<std::filesystem::path> folders_with(const std::string& file) {
  std::vector<std::filesystem::path> found;
  for (const auto& source : sources()) {
    std::vector<std::filesystem::path> here;
    for (const auto& entry : std::filesystem::directory_iterator(source))
      if (std::filesystem::exists(entry.path() / file))
        here.push_back(entry.path());
    std::sort(here.begin(), here.end());
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

/// The vocabulary of a source's tokenizer and end-to-end results: its own, or DeBERTa-v3's, beside it or beside the
/// checkout. May not exist.
inline std::filesystem::path vocabulary(const std::filesystem::path& source) {
  const std::filesystem::path real = std::filesystem::path("..") / "deberta-v3" / "spm.model";
  for (const auto& file : {source / "tokenizer" / "spm.model", source / real})
    if (std::filesystem::exists(file))
      return file;
  return std::filesystem::path(SCIEXAM_SOURCE_DIR) / ".." / "shared" / "golden" / real;
}

} // namespace sciexam::golden
