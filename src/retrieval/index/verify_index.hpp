// Checks every byte of an index.
#pragma once

#include "package/package_files.hpp"

#include <string>
#include <vector>

namespace sciexam::inline retrieval {

/// Reads every byte: each finding names a file and says what is wrong; empty for a sound index. Hashes and checksums,
/// and that dictionary, postings and texts can be decoded and agree with each other.
std::vector<std::string> verify_index(const PackageFiles& files);

} // namespace sciexam::inline retrieval
