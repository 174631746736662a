// Reading files whole, and writing them so that a reader never sees half of one.
#pragma once

#include "support/files/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline support {

/// A file mapped read-only into memory, unmapped on destruction. Move-only.
class MappedFile {
public:
  /// Throws UsageError if the file cannot be opened, WorkError if it cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  const std::filesystem::path& path() const noexcept { return path_; }
  /// Releases the memory of the pages that lie entirely inside `part` of bytes(); read again, they come from the file.
  void release(std::span<const std::byte> part) const noexcept;

private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole file. Throws UsageError if it cannot be opened or is not a regular file, InputError if it is longer than
/// `limit` bytes, WorkError if it ends early or cannot be read.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{64} << 20);

/// A file in the making: written beside `path` under a temporary name, and renamed to `path` by commit() once its
/// bytes are on the disk. Without commit() nothing is left behind. Its permissions are those of the user's new files
/// (0666 less the umask).
class AtomicFile {
public:
  /// Throws WorkError (with the folder and the remedy) if the temporary file cannot be created.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Throws WorkError if the bytes cannot be written (disk full).
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Bytes written so far.
  std::uint64_t size() const noexcept { return size_; }
  /// Where the bytes are until commit().
  const std::filesystem::path& temporary() const noexcept { return temporary_; }
  /// Flushes to the disk and renames. Throws WorkError.
  void commit();

private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// Free bytes of the disk that will hold `place`, which need not exist yet; nothing if that cannot be told.
std::optional<std::uint64_t> free_disk(std::filesystem::path place);

/// Removes files named like ".NAME.aBc123", which AtomicFile leaves in `folder` when a process is killed. Only for
/// folders that nobody else writes to. What cannot be removed stays: it only takes up space.
void remove_temporary_files(const std::filesystem::path& folder);

/// Writes `text` to `path` through an AtomicFile.
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

} // namespace sciexam::inline support
