// UTF-8 (RFC 3629): decoding one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sciexam {

/// One decoded character: its code point and how many bytes it took. An
/// ill-formed sequence has length 0 (overlong forms and surrogates included).
struct Utf8Character {
  char32_t code_point = 0;
  int length = 0;
};

/// Decodes the character at `text[offset]`; `offset` must be inside.
Utf8Character decode_utf8(std::string_view text, std::size_t offset) noexcept;

/// The offset of the first byte that is not well-formed, or npos.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// Appends the code point, which must be a Unicode scalar value.
void append_utf8(std::string& text, char32_t code_point);

} // namespace sciexam
