#include "support/text/utf8.hpp"

#include <algorithm>

namespace sciexam::inline support {
namespace {

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

bool leaves_nothing_to_see(char32_t c) {
  constexpr char32_t kZeroWidthSpace = 0x200B, kZeroWidthNoBreakSpace = 0xFEFF;
  return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == kZeroWidthSpace || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000 || c == kZeroWidthNoBreakSpace;
}

} // namespace

Utf8Character decode_utf8(std::string_view text, std::size_t offset) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return {lead, 1};
  const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - offset < static_cast<std::size_t>(length))
    return {};
  char32_t code_point = lead & (0x7F >> length);
  for (int i = 1; i < length; ++i) {
    if (!is_continuation(byte(static_cast<std::size_t>(i))))
      return {};
    code_point = code_point << 6 | (byte(static_cast<std::size_t>(i)) & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code_point < kLeast[length] || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
    return {};
  return {code_point, length};
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const int length = decode_utf8(text, i).length;
    if (length == 0)
      return i;
    i += static_cast<std::size_t>(length);
  }
  return std::string_view::npos;
}

bool has_text(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = decode_utf8(text, i);
    if (character.length == 0 || !leaves_nothing_to_see(character.code_point))
      return true;
    i += static_cast<std::size_t>(character.length);
  }
  return false;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most)
    return text;
  while (most > 0 && is_continuation(static_cast<unsigned char>(text[most])))
    --most;
  return text.substr(0, most);
}

std::string beginning_of(std::string_view text, std::size_t most) {
  std::string_view shown = utf8_prefix(text, most);
  if (shown.size() == text.size())
    return std::string(text);
  if (const std::size_t space = shown.rfind(' '); space != shown.npos)
    shown = shown.substr(0, space);
  return std::string(shown) + " ...";
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

} // namespace sciexam::inline support
