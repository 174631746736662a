#include "data/text/clean.hpp"

#include "data/text/html_entities.hpp"
#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <cstdlib>
#include <memory>
#include <utility>

#include <utf8proc.h>

namespace sciexam::inline data {
namespace {

bool is_line_end(char32_t c) {
  return c == U'\n' || c == U'\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_white_space(char32_t c) {
  return c == U'\t' || c == U'\v' || c == U'\f' || is_line_end(c) ||
         utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ZS;
}

/// Invisible characters. The joiners U+200C and U+200D stay: some scripts spell with them.
bool is_invisible(char32_t c) {
  const bool direction = (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return direction || c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

/// Calls take(code point, its bytes) for every character.
template <typename Take>
void for_characters(std::string_view text, Take take) {
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character character = decode_utf8(text, offset);
    if (character.length == 0)
      throw InternalError("clean_text was given a text that is not UTF-8");
    take(character.code_point, text.substr(offset, static_cast<std::size_t>(character.length)));
    offset += static_cast<std::size_t>(character.length);
  }
}

std::string without_invisible(std::string_view text) {
  std::string kept;
  for_characters(text, [&](char32_t c, std::string_view bytes) {
    if (is_white_space(c) || !is_invisible(c))
      kept += bytes;
  });
  return kept;
}

std::string with_single_spaces(std::string_view text) {
  std::string result;
  std::string_view space; // what the run of white space before the next character becomes
  for_characters(text, [&](char32_t c, std::string_view bytes) {
    if (is_white_space(c)) {
      space = is_line_end(c) || space == "\n" ? "\n" : " ";
      return;
    }
    if (!result.empty())
      result += space;
    space = {};
    result += bytes;
  });
  return result;
}

std::string composed(const std::string& text) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (length < 0)
    throw WorkError(std::string("a text cannot be normalised: ") + utf8proc_errmsg(length));
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

/// Replaces `text` by `changed`, and counts it if they differ.
void take(std::string& text, std::string changed, std::size_t& count) {
  if (changed == text)
    return;
  ++count;
  text = std::move(changed);
}

bool is_plain(std::string_view text) {
  char last = ' '; // white space at the start is not plain
  for (const char byte : text) {
    const bool letter = byte > 0x20 && byte < 0x7F && byte != '&';
    if (!letter && !(byte == ' ' && last != ' '))
      return false;
    last = byte;
  }
  return text.empty() || last != ' ';
}

} // namespace

std::string clean_text(std::string_view text, CleaningCounts& counts) {
  std::string cleaned(text);
  if (is_plain(text)) // most texts
    return cleaned;
  take(cleaned, decode_html_entities(cleaned), counts.entities);
  take(cleaned, without_invisible(cleaned), counts.controls);
  take(cleaned, composed(cleaned), counts.composed);
  take(cleaned, with_single_spaces(cleaned), counts.spaces);
  return cleaned;
}

} // namespace sciexam::inline data
