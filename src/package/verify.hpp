// Every byte of a package against its manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sciexam::inline package {

/// What was found about one file.
struct FileReport {
  std::string name;
  std::uint64_t size = 0;            ///< bytes checked
  std::vector<std::string> problems; ///< complete messages; empty if every byte is right
};

struct VerifyReport {
  std::string identity;             ///< the manifest's; empty if it cannot be trusted (then nothing else was checked)
  std::vector<FileReport> files;    ///< manifest.json first, then in the manifest's order
  std::vector<std::string> unnamed; ///< what else lies in the folder: not used, not a fault

  bool ok() const;
};

/// Reads the whole package: each file's hash, each frame's, each plain
/// content's; for weights that lie there packed and unpacked, both. Does not
/// throw for damage; throws PackageError if the folder cannot be listed.
/// `progress` (bytes checked, bytes in all) is called from this thread.
VerifyReport verify_package(const std::filesystem::path& folder, int threads,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

} // namespace sciexam::inline package
