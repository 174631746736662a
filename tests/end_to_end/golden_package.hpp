// The reference's three tiny models as a package, and its files.
#pragma once

#include <filesystem>
#include <string>

namespace sciexam::test {

/// A file beside the folder of reference results.
std::filesystem::path shared(const std::string& name);

/// The package of golden/e2e's three checkpoints with the real vocabulary, made once. Skips the test where there is no
/// reference.
const std::filesystem::path& golden_package();

} // namespace sciexam::test
