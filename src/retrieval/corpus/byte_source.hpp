// The bytes of a corpus file as a stream, unpacked on the way.
#pragma once

#include "retrieval/corpus/decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// Reads a file from its beginning to its end: as it is, or, where its first bytes say so, unpacked by gzip, bzip2 or
/// zstd, with any number of members (streams, frames) one after another. Holds one block of it. Move-only.
class ByteSource {
public:
  /// Opens a file, pipe or device; "-" is standard input. Throws UsageError if that cannot be done.
  explicit ByteSource(const std::filesystem::path& file);
  /// The same over bytes in memory; `name` is the file that messages name.
  static ByteSource of(std::string bytes, std::filesystem::path name);

  /// The next bytes: at least `least` of them, fewer only at the end of the file. Valid until the next call. `row` is
  /// what is being read, for messages; 0 where nobody knows. Throws InputError if the file is cut short, damaged, or
  /// goes on after its last member, WorkError if it cannot be read.
  std::string_view peek(std::size_t least = 1, std::size_t row = 0);
  /// Goes on behind `bytes` of what peek() gave.
  void skip(std::size_t bytes) noexcept { begin_ += bytes; }

  /// "standard input" for that.
  const std::filesystem::path& file() const noexcept { return file_; }
  /// How it is packed: "gzip", "bzip2", "zstd", or nothing.
  std::string_view packing() const noexcept { return decoder_ == nullptr ? std::string_view() : decoder_->name(); }
  /// Bytes of the file that have been read: as they lie there, packed.
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

private:
  /// Fills the front of a span; 0 at the end. Throws WorkError.
  using Read = std::function<std::size_t(std::span<char>)>;
  ByteSource(Read read, std::filesystem::path file);

  std::size_t fill(std::span<char> bytes, std::size_t row);
  std::size_t unpack(std::span<char> bytes, std::size_t row);
  bool has_packed(std::size_t least);
  bool at_end();

  std::filesystem::path file_;
  Read read_;
  std::unique_ptr<Decoder> decoder_; ///< null where the file is not packed
  std::string packed_, block_;       ///< both with the bytes from begin to end; packed_ also begins a file that is not
  std::size_t packed_begin_ = 0, packed_end_ = 0, begin_ = 0, end_ = 0;
  bool in_member_ = true;
  std::uint64_t bytes_read_ = 0;
};

} // namespace sciexam::inline retrieval
