#include "retrieval/text/fold.hpp"

#include "support/text/utf8.hpp"

#include <cstdint>
#include <cstring>

#include <utf8proc.h>

namespace sciexam::inline retrieval {
namespace {

constexpr char32_t kMinus = 0x2212, kFractionSlash = 0x2044, kZeroWidthSpace = 0x200B;
constexpr char32_t kIotaSubscript = 0x0345; ///< a mark, but the letters that it is composed with fold to two letters
constexpr char32_t kIota = 0x03B9;
constexpr int kMostDecomposed = 32; // 18 is Unicode's longest, U+FDFA

bool is_apostrophe(char32_t c) {
  return c == 0x2019 || c == 0x02BC;
}

/// Hyphens, dashes, quotation marks, bullets and ellipses: most characters beyond ASCII in English texts.
bool is_common_punctuation(char32_t c) {
  return c == 0xA0 || (c >= 0x2010 && c <= 0x2027 && !is_apostrophe(c));
}

void append_folded(std::string& folded, char32_t c) {
  if (c == kMinus)
    folded += "^-";
  else if (is_apostrophe(c))
    folded += '\'';
  else
    append_utf8(folded, c);
}

void append_decomposed(std::string& folded, char32_t c) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                                           UTF8PROC_IGNORE | UTF8PROC_STRIPMARK);
  utf8proc_int32_t parts[kMostDecomposed];
  int boundary_class = 0; // of graphemes, which nobody asks for here
  const utf8proc_ssize_t count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, kMostDecomposed, kOptions, &boundary_class);
  if (count < 0 || count > kMostDecomposed) {
    folded += ' ';
    return;
  }
  for (utf8proc_ssize_t i = 1; i < count; ++i)
    if (parts[i] == static_cast<utf8proc_int32_t>(kFractionSlash)) {
      folded += ' ';
      break;
    }
  for (utf8proc_ssize_t i = 0; i < count; ++i)
    append_folded(folded, static_cast<char32_t>(parts[i]));
}

/// The offset of the first byte beyond ASCII from `offset` on; the size if there is none.
std::size_t find_beyond_ascii(std::string_view text, std::size_t offset) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  for (; offset + sizeof(std::uint64_t) <= text.size(); offset += sizeof(std::uint64_t)) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data() + offset, sizeof bytes);
    if ((bytes & kHighBits) != 0)
      break;
  }
  while (offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x80)
    ++offset;
  return offset;
}

} // namespace

bool is_ascii(std::string_view text) noexcept {
  return find_beyond_ascii(text, 0) == text.size();
}

void fold(std::string_view text, std::string& folded) {
  folded.clear();
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t high = find_beyond_ascii(text, offset);
    folded.append(text.substr(offset, high - offset));
    if (high == text.size())
      return;
    const Utf8Character character = decode_utf8(text, high);
    if (character.length == 0 || character.code_point == kZeroWidthSpace || is_common_punctuation(character.code_point))
      folded += ' ';
    else if (is_apostrophe(character.code_point))
      folded += '\'';
    else if (character.code_point == kIotaSubscript)
      append_utf8(folded, kIota);
    else
      append_decomposed(folded, character.code_point);
    offset = high + static_cast<std::size_t>(character.length == 0 ? 1 : character.length);
  }
}

} // namespace sciexam::inline retrieval
