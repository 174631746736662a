// A file as independent zstd frames with a seek table after them: the "zstd
// seekable format" 0.1.0 (zstd, contrib/seekable_format). `zstd -d` gives the
// plain file; here every frame is decoded, checked and named on its own.
#pragma once

#include "package/package_files.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline package {

/// Plain bytes in a frame. A multiple of every element size, so that no tensor
/// element lies across two frames as long as its data begins with a frame.
inline constexpr std::size_t kFrameBytes = std::size_t{4} << 20;
/// The most plain bytes that a frame may have in a file that is read.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{16} << 20;

/// One frame: where it is in the compressed and in the plain file, and the hashes there.
struct Frame {
  std::uint64_t offset = 0, size = 0;
  std::uint64_t raw_offset = 0, raw_size = 0;
  std::string sha256, raw_sha256;
};

/// The seek table: the skippable frame that ends the compressed file.
struct SeekTable {
  std::uint64_t offset = 0, size = 0;
  std::string sha256;
};

/// All that a reader must know about a file of frames. The frames and the seek
/// table lie side by side and cover the compressed file, the frames' plain
/// bytes the plain one.
struct FramedFile {
  std::uint64_t size = 0, raw_size = 0;
  std::string sha256, raw_sha256;
  std::vector<Frame> frames;
  SeekTable seek_table;
};

/// The most bytes that a frame of `raw_size` plain bytes can take.
std::uint64_t compressed_bound(std::uint64_t raw_size);

/// Bytes of the seek table of that many frames.
std::uint64_t seek_table_bytes(std::size_t frames);

/// Writes a file of frames. At most two frames per thread are held in memory.
class FrameWriter {
public:
  /// Throws WorkError if the file cannot be created.
  FrameWriter(const std::filesystem::path& path, int threads);

  /// Appends plain bytes. A frame ends after kFrameBytes of them, or at end_frame().
  void add(std::span<const std::byte> bytes);
  /// The next byte begins a new frame. Throws WorkError, as add() does, if the disk is full.
  void end_frame();
  /// Ends the last frame and writes the seek table. The bytes are in temporary() until commit().
  FramedFile finish();

  const std::filesystem::path& temporary() const noexcept { return file_.temporary(); }
  /// Puts the file in place.
  void commit() { file_.commit(); }

private:
  void compress_pending();
  void write_seek_table();

  AtomicFile file_;
  int threads_;
  std::vector<std::byte> block_;
  std::vector<std::vector<std::byte>> pending_; // whole frames, not yet compressed
  Sha256 hash_, raw_hash_;
  FramedFile record_;
};

/// What a reader of frames needs.
struct FrameMemory {
  std::vector<std::byte> compressed = {}, raw = {};
};

/// Reads the frames of such a file, or of the plain file that `zstd -d` made of it.
class FrameReader {
public:
  enum class Form { compressed, plain };

  /// Throws PackageError if the file is not of the recorded size.
  FrameReader(PackageFile file, FramedFile record, Form form);

  /// The plain bytes of a frame, once the hash of the stored bytes has matched: compressed bytes are hashed before they
  /// are decoded, and zstd's own checksum is checked after. They are in `memory`, which is reused from frame to
  /// frame. Throws PackageError with frame and byte range. Several threads may read at once, each with its own memory.
  std::span<const std::byte> read(std::size_t frame, FrameMemory& memory) const;
  /// The same, and both hashes match.
  std::vector<std::byte> read_and_verify(std::size_t frame) const;

  const FramedFile& record() const noexcept { return record_; }
  const PackageFile& file() const noexcept { return file_; }
  Form form() const noexcept { return form_; }

private:
  void check_raw(std::size_t frame, std::span<const std::byte> raw) const;
  [[noreturn]] void fail(std::size_t frame, const std::string& problem) const;

  PackageFile file_;
  FramedFile record_;
  Form form_;
};

} // namespace sciexam::inline package
