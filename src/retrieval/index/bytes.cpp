#include "retrieval/index/bytes.hpp"

#include "support/errors.hpp"

#include <bit>

namespace sciexam::inline retrieval {

void append_varint(std::string& text, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7)
    text += static_cast<char>(number | 0x80);
  text += static_cast<char>(number);
}

std::size_t varint_bytes(std::uint64_t number) {
  return (static_cast<std::size_t>(std::bit_width(number | 1)) + 6) / 7;
}

std::uint64_t ByteReader::varint() {
  const std::byte* at = bytes_.data();
  std::uint64_t number = 0;
  if (!read_varint(at, bytes_.data() + bytes_.size(), number))
    fail("holds a number that does not end");
  bytes_ = bytes_.subspan(static_cast<std::size_t>(at - bytes_.data()));
  return number;
}

std::uint64_t ByteReader::varint(std::uint64_t most) {
  const std::uint64_t number = varint();
  if (number > most)
    fail("holds the number " + std::to_string(number) + " where at most " + std::to_string(most) + " is possible");
  return number;
}

std::string_view ByteReader::text(std::uint64_t size) {
  if (size > bytes_.size())
    fail("holds a text that goes beyond its block");
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), size);
  bytes_ = bytes_.subspan(size);
  return text;
}

void ByteReader::fail(const std::string& problem) const {
  throw PackageError(*file_, "is damaged: it " + problem, kIndexRemedy);
}

} // namespace sciexam::inline retrieval
