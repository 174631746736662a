// UTF-8 (RFC 3629): decoding one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sciexam::inline support {

/// One decoded character: its code point and its length in bytes. An ill-formed
/// sequence (including overlong forms and surrogates) has length 0.
struct Utf8Character {
  char32_t code_point = 0;
  int length = 0;
};

/// Decodes the character at `text[offset]`; `offset` must be less than the size.
Utf8Character decode_utf8(std::string_view text, std::size_t offset) noexcept;

/// The offset of the first ill-formed sequence, or npos.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// The first `most` bytes of `text`, or fewer: it ends between two characters.
std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept;
/// As utf8_prefix(), and " ..." where something is left out; cut between words where there are any.
std::string beginning_of(std::string_view text, std::size_t most);

/// True if `text` has a character that is not white space (Unicode's property White_Space, and the zero-width space and
/// no-break space, which are just as invisible).
bool has_text(std::string_view text) noexcept;

/// Appends the code point, which must be a Unicode scalar value.
void append_utf8(std::string& text, char32_t code_point);

/// The number of code points of valid UTF-8: its bytes that do not continue one.
std::size_t count_characters(std::string_view text);

} // namespace sciexam::inline support
