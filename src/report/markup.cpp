#include "report/markup.hpp"

#include "support/text/utf8.hpp"

namespace sciexam::inline report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// Control characters other than tabs and line ends are not allowed in HTML (section 13.2.3.5 of its standard).
bool is_control(char32_t c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
}

} // namespace

std::string escape_markup(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character character = decode_utf8(text, offset);
    const std::size_t length = character.length > 0 ? static_cast<std::size_t>(character.length) : 1;
    if (character.length == 0 || is_control(character.code_point))
      escaped += kReplacement;
    else if (character.code_point == '&')
      escaped += "&amp;";
    else if (character.code_point == '<')
      escaped += "&lt;";
    else if (character.code_point == '>')
      escaped += "&gt;";
    else if (character.code_point == '"')
      escaped += "&quot;";
    else if (character.code_point == '\'')
      escaped += "&#39;";
    else
      escaped += text.substr(offset, length);
    offset += length;
  }
  return escaped;
}

std::string element(std::string_view name, std::string_view text) {
  const std::string tag(name);
  return "<" + tag + ">" + escape_markup(text) + "</" + tag + ">";
}

} // namespace sciexam::inline report
