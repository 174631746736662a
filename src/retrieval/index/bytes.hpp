// Numbers in an index's files: little-endian, and as varints (LEB128: seven bits a byte, the lowest first, the top bit
// says that more follow).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// The number at `from`, which need not be aligned. (x86-64 is little-endian, as the files are.)
template <std::unsigned_integral Number>
Number load_number(const std::byte* from) {
  Number number = 0;
  std::memcpy(&number, from, sizeof number);
  return number;
}

template <std::unsigned_integral Number>
void append_number(std::string& text, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text.append(bytes, sizeof number);
}

void append_varint(std::string& text, std::uint64_t number);
/// Bytes of the varint of `number`: 1 to 10.
std::size_t varint_bytes(std::uint64_t number);

/// Reads a varint at `at`, not beyond `end`, and moves `at` behind it. False if it does not end there, or is longer
/// than ten bytes: `number` is of no use then.
inline bool read_varint(const std::byte*& at, const std::byte* end, std::uint64_t& number) {
  number = 0;
  for (int shift = 0; at != end && shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(*at++);
    number |= (byte & 0x7F) << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

/// Reads bytes from front to back. Whatever would go beyond the end throws PackageError, naming the file.
class ByteReader {
public:
  /// `file` must outlive this.
  ByteReader(std::span<const std::byte> bytes, const std::filesystem::path& file) : bytes_(bytes), file_(&file) {}

  std::uint64_t varint();
  /// A varint of at most `most`.
  std::uint64_t varint(std::uint64_t most);
  std::string_view text(std::uint64_t size);
  std::size_t left() const noexcept { return bytes_.size(); }

private:
  [[noreturn]] void fail(const std::string& problem) const;

  std::span<const std::byte> bytes_;
  const std::filesystem::path* file_;
};

/// What to do about a damaged file of an index.
inline constexpr const char* kIndexRemedy = "Copy the index again from where it was made, or build it again";

} // namespace sciexam::inline retrieval
