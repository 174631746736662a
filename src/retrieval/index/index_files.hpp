// The files of an index: mapped from a folder, or inside the program (the demo's).
#pragma once

#include "support/files/files.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace sciexam::inline retrieval {

/// One file's bytes, where they lie. Move-only.
class IndexFile {
public:
  /// Maps the file. Throws PackageError if it is missing or cannot be mapped.
  explicit IndexFile(const std::filesystem::path& path);
  /// Bytes that outlive this; `path` is only named in messages.
  IndexFile(std::filesystem::path path, std::span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
  std::optional<MappedFile> mapped_;
  std::span<const std::byte> bytes_;
};

class IndexFiles {
public:
  static IndexFiles in_folder(std::filesystem::path folder);
  /// Files by name; their bytes must outlive this and every file opened. `description` stands for the folder in
  /// messages.
  static IndexFiles in_memory(std::filesystem::path description,
                              std::map<std::string, std::span<const std::byte>> files);

  /// Throws PackageError if there is no such file.
  IndexFile open(const std::string& name) const;
  std::filesystem::path path_of(const std::string& name) const { return folder_ / name; }

private:
  using Memory = std::map<std::string, std::span<const std::byte>>;
  IndexFiles(std::filesystem::path folder, std::shared_ptr<const Memory> memory)
      : folder_(std::move(folder)), memory_(std::move(memory)) {}

  std::filesystem::path folder_;
  std::shared_ptr<const Memory> memory_; // null: they are in the folder
};

} // namespace sciexam::inline retrieval
