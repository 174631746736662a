// A file of an index: mapped from a folder, or inside the program (the demo's).
#pragma once

#include "package/package_files.hpp"
#include "support/files/files.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace sciexam::inline retrieval {

/// One file's bytes, where they lie. Move-only.
class IndexFile {
public:
  /// Maps the file. Throws PackageError if it is missing or cannot be mapped.
  explicit IndexFile(const std::filesystem::path& path);
  /// The file `name` of `files`: mapped, or where it is in memory. Throws PackageError if there is none.
  IndexFile(const PackageFiles& files, const std::string& name);
  /// Bytes that outlive this; `path` is only named in messages.
  IndexFile(std::filesystem::path path, std::span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
  std::optional<MappedFile> mapped_;
  std::span<const std::byte> bytes_;
};

} // namespace sciexam::inline retrieval
