// Lines of a corpus file, of any length that fits into memory.
#pragma once

#include "retrieval/corpus/byte_source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// Reads line by line; only one line is in memory.
class LineReader {
public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{256} << 20;

  explicit LineReader(ByteSource source) : source_(std::move(source)) {}

  /// The next line that is not blank, without its end, as clean UTF-8 (clean_utf8.hpp); valid until the next call.
  /// Throws InputError if it is longer than kMaxLineBytes, and what ByteSource throws, with its row.
  std::optional<std::string_view> next();

  /// The line last read, from 1.
  std::size_t row() const noexcept { return row_; }
  /// Ill-formed sequences replaced so far.
  std::uint64_t replaced() const noexcept { return replaced_; }
  const ByteSource& source() const noexcept { return source_; }

private:
  bool next_raw(std::string_view& line);

  ByteSource source_;
  std::string line_, clean_; ///< a line that lies in several blocks; one that had to be changed
  std::size_t row_ = 0, taken_ = 0;
  std::uint64_t replaced_ = 0;
};

} // namespace sciexam::inline retrieval
