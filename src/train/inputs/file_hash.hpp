// Files by their contents.
#pragma once

#include <filesystem>
#include <string>

namespace sciexam::inline train {

/// The sha256 of a file. Throws UsageError if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

} // namespace sciexam::inline train
