// A file of the index whose bytes are checked when they are first touched.
//
//     +--------+---------------------------------------+---------------------------+
//     | marker | content, in chunks of 16 KiB          | a CRC-32C (4 bytes) for   |
//     | 8 bytes| (the marker is part of the first one) | each chunk                |
//     +--------+---------------------------------------+---------------------------+
//
// The marker says what the file is, and that it is no archive: Kaggle unpacks what begins like one. The checksums' own
// checksum is in index.json and is looked at when the file is opened.
#pragma once

#include "retrieval/index/index_file.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

inline constexpr std::uint64_t kChunkBytes = 16384;
inline constexpr std::size_t kMarkerBytes = 8;

/// A file, as index.json has it.
struct CheckedFileRecord {
  std::string name;            ///< plain: no folder
  std::uint64_t content = 0;   ///< bytes, with the marker, without the checksums
  std::string sha256;          ///< of the whole file
  std::uint32_t checksums = 0; ///< CRC-32C of the chunks' checksums

  std::uint64_t chunks() const { return (content + kChunkBytes - 1) / kChunkBytes; }
  std::uint64_t size() const { return content + 4 * chunks(); } ///< of the whole file
  bool operator==(const CheckedFileRecord&) const = default;
};

/// Writes such a file from front to back; until commit() under a temporary name. Every call may throw WorkError.
class CheckedFileWriter {
public:
  /// `marker`: exactly kMarkerBytes bytes.
  CheckedFileWriter(const std::filesystem::path& path, std::string_view marker);
  void write(std::string_view bytes);
  /// Content so far: the position of the next byte.
  std::uint64_t position() const noexcept { return record_.content; }
  /// Appends the checksums. Nothing may be written after it.
  CheckedFileRecord finish();
  void commit() { file_.commit(); }

private:
  void flush();
  void end_chunk();

  AtomicFile file_;
  Sha256 hash_;
  CheckedFileRecord record_;
  std::string pending_;   // not yet written: several chunks at a time
  std::string checksums_; // of the chunks that are complete
  std::uint32_t chunk_ = 0;
};

/// Reads such a file. Several threads may read at once.
class CheckedFile {
public:
  /// Throws PackageError if the file's length, marker or checksums' checksum are other than recorded.
  CheckedFile(IndexFile file, const CheckedFileRecord& record, std::string_view marker);

  /// These bytes, where they are, once the chunks that they lie in match their checksums; a chunk is checked once.
  /// Throws PackageError naming the file and the chunk; also if the bytes lie outside.
  std::span<const std::byte> read(std::uint64_t offset, std::uint64_t size) const {
    if (offset > record_.content || size > record_.content - offset)
      fail_outside(offset, size);
    if (size != 0)
      for (std::uint64_t chunk = offset / kChunkBytes; chunk <= (offset + size - 1) / kChunkBytes; ++chunk)
        if (!checked_[chunk].load(std::memory_order_relaxed)) // the bytes never change: order does not matter
          check(chunk);
    return file_.bytes().subspan(offset, size);
  }
  /// Checks every chunk.
  void read_all() const { read(0, record_.content); }

  std::uint64_t content() const noexcept { return record_.content; }
  const std::filesystem::path& path() const noexcept { return file_.path(); }
  const CheckedFileRecord& record() const noexcept { return record_; }

private:
  void check(std::uint64_t chunk) const;
  [[noreturn]] void fail_outside(std::uint64_t offset, std::uint64_t size) const;

  IndexFile file_;
  CheckedFileRecord record_;
  std::unique_ptr<std::atomic<bool>[]> checked_; // [chunk]
};

} // namespace sciexam::inline retrieval
