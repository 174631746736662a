// JSON lines: one JSON document per line.
#pragma once

#include "support/text/json.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace sciexam::inline data {

/// Reads a file line by line; what the documents mean is up to the caller.
class JsonLines {
public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;

  /// Throws UsageError if the file cannot be opened.
  explicit JsonLines(std::filesystem::path path);

  /// Reads the next line that is not empty; false after the last one. Throws InputError if it is longer
  /// than kMaxLineBytes, WorkError if the file cannot be read on.
  bool next(std::string& line);
  /// The number of the line last read, from 1.
  std::size_t row() const noexcept { return row_; }
  /// The line as a document whose messages name file and row. Throws InputError if it is not JSON.
  JsonDocument parse(const std::string& line) const;

private:
  std::filesystem::path path_;
  std::ifstream text_;
  std::size_t row_ = 0;
};

} // namespace sciexam::inline data
