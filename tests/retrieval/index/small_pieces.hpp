// What several tests of the index's files need.
#pragma once

#include "support/files/files.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace sciexam::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline void flip_bit_of(const std::filesystem::path& file, std::uint64_t byte, int bit = 3) {
  std::string text = read_text_file(file);
  text.at(byte) = static_cast<char>(text.at(byte) ^ (1 << bit));
  write_file_atomically(file, text);
}

} // namespace sciexam::test
