// The files of a package or an index: in a folder, or inside the program (the demo's).
#pragma once

#include "support/files/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace sciexam::inline package {

/// One file, open for reading by several threads at once. Move-only. Bytes are copied out
/// rather than mapped: what was hashed is then what is used, even if the file changes.
class PackageFile {
public:
  /// Throws PackageError if it cannot be opened or is not a regular file.
  explicit PackageFile(std::filesystem::path path);
  /// Bytes in memory that outlive this; `path` is only named in messages.
  PackageFile(std::filesystem::path path, std::span<const std::byte> bytes);
  /// Fills `out` with the bytes from `offset` on. Throws PackageError if the
  /// file ends before, or cannot be read.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

  std::uint64_t size() const noexcept { return size_; }
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
  const std::byte* bytes_ = nullptr; // in memory
  Descriptor descriptor_;            // or open
  std::uint64_t size_ = 0;
};

class PackageFiles {
public:
  static PackageFiles in_folder(std::filesystem::path folder);
  /// Files by name; their bytes must outlive this. `description` stands for the folder in messages.
  static PackageFiles in_memory(std::filesystem::path description,
                                std::map<std::string, std::span<const std::byte>> files);

  bool has(const std::string& name) const;
  /// Where the plain content of the packed file `name` ("x.zst") lies if that was unpacked on the way, as some
  /// storage services do: as "x", or in a folder of either name. Empty if nowhere.
  std::string find_unpacked(const std::string& name, const std::string& plain_name) const;
  /// The bytes of a file in memory; nothing if it is not there, or the files are in a folder.
  std::optional<std::span<const std::byte>> find_in_memory(const std::string& name) const;
  /// Throws PackageError if there is no such file.
  PackageFile open(const std::string& name) const;
  std::filesystem::path path_of(const std::string& name) const { return folder_ / name; }

private:
  using Memory = std::map<std::string, std::span<const std::byte>>;
  PackageFiles(std::filesystem::path folder, std::shared_ptr<const Memory> memory)
      : folder_(std::move(folder)), memory_(std::move(memory)) {}

  std::filesystem::path folder_;
  std::shared_ptr<const Memory> memory_; // null: they are in the folder
};

} // namespace sciexam::inline package
