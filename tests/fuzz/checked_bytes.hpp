// Bytes in memory as a file of an index whose checksums match, so that fuzzers get behind them.
#pragma once

#include "retrieval/index/bytes.hpp"
#include "retrieval/index/checked_file.hpp"
#include "retrieval/index/crc32c.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace sciexam::test {

class CheckedBytes {
public:
  CheckedBytes(std::string_view marker, std::string_view rest) : bytes_(std::string(marker) + std::string(rest)) {
    record_.name = "x.bin";
    record_.content = bytes_.size();
    std::string checksums;
    for (std::size_t i = 0; i < record_.content; i += kChunkBytes)
      append_number(checksums, crc32c(view().subspan(i, std::min<std::size_t>(kChunkBytes, record_.content - i))));
    record_.checksums = crc32c(std::as_bytes(std::span(checksums)));
    bytes_ += checksums;
  }
  /// While this lives.
  CheckedFile open(std::string_view marker) const { return {IndexFile("x.bin", view()), record_, marker}; }

private:
  std::span<const std::byte> view() const { return std::as_bytes(std::span(bytes_)); }

  std::string bytes_;
  CheckedFileRecord record_;
};

} // namespace sciexam::test
