#include "retrieval/corpus/clean_utf8.hpp"

#include "support/text/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace sciexam::inline retrieval {
namespace {

/// The first byte from `offset` on that is not plain ASCII, or NUL; eight bytes at a time.
std::size_t skip_plain_ascii(std::string_view bytes, std::size_t offset) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighBits = 0x8080808080808080;
  for (; offset + sizeof(std::uint64_t) <= bytes.size(); offset += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + offset, sizeof word);
    if (((word | (word - kOnes)) & kHighBits) != 0) // a byte of 0 borrows; what else does is looked at below
      break;
  }
  while (offset < bytes.size() && bytes[offset] > '\0')
    ++offset;
  return offset;
}

/// The first byte from `offset` on that has to be replaced, or the end.
std::size_t find_unclean(std::string_view bytes, std::size_t offset) noexcept {
  while ((offset = skip_plain_ascii(bytes, offset)) < bytes.size()) {
    const int length = bytes[offset] == '\0' ? 0 : decode_utf8(bytes, offset).length;
    if (length == 0)
      break;
    offset += static_cast<std::size_t>(length);
  }
  return offset;
}

} // namespace

bool is_clean_utf8(std::string_view bytes) noexcept {
  return find_unclean(bytes, 0) == bytes.size();
}

std::size_t append_clean_utf8(std::string_view bytes, std::string& text) {
  std::size_t replaced = 0;
  for (std::size_t begin = 0; begin < bytes.size();) {
    std::size_t end = find_unclean(bytes, begin);
    text.append(bytes, begin, end - begin);
    if (end == bytes.size())
      break;
    if (bytes[end] == '\0') {
      text += ' ';
      begin = end + 1;
      continue;
    }
    text += "\xEF\xBF\xBD";
    ++replaced;
    do // a character's rest belongs to the same fault
      ++end;
    while (end < bytes.size() && (bytes[end] & 0xC0) == 0x80);
    begin = end;
  }
  return replaced;
}

} // namespace sciexam::inline retrieval
