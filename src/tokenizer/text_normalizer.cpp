#include "tokenizer/text_normalizer.hpp"

#include "support/text/utf8.hpp"
#include "tokenizer/grapheme.hpp"

namespace sciexam {
namespace {

/// Unicode's White_Space property (PropList.txt), Rust's char::is_whitespace.
bool is_white_space(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character first = decode_utf8(text, 0);
    if (!is_white_space(first.code_point))
      break;
    text.remove_prefix(static_cast<std::size_t>(first.length));
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
      --start;
    if (!is_white_space(decode_utf8(text, start).code_point))
      break;
    text = text.substr(0, start);
  }
  return text;
}

void join_spaces(std::string& text) {
  std::size_t kept = 0;
  for (const char c : text)
    if (c != ' ' || kept == 0 || text[kept - 1] != ' ')
      text[kept++] = c;
  text.resize(kept);
}

} // namespace

std::string TextNormalizer::normalize(std::string_view text) const {
  text = strip(text);
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = grapheme_cluster_length(text);
    append_mapped(text.substr(0, length), result);
    text.remove_prefix(length);
  }
  join_spaces(result);
  return result;
}

// The rule of tokenizers' normalizers/precompiled.rs: a cluster of less than 6
// bytes is looked up whole first, and then what follows the key that was found
// is lost (the accent of a combination that the map does not have, say).
void TextNormalizer::append_mapped(std::string_view cluster, std::string& result) const {
  constexpr std::size_t kWholeBelow = 6;
  if (cluster.size() < kWholeBelow)
    if (const auto replacement = map_.find(cluster)) {
      result += *replacement;
      return;
    }
  while (!cluster.empty()) {
    const auto length = static_cast<std::size_t>(decode_utf8(cluster, 0).length);
    append_character(cluster.substr(0, length), result);
    cluster.remove_prefix(length);
  }
}

void TextNormalizer::append_character(std::string_view character, std::string& result) const {
  result += map_.find(character).value_or(character);
}

} // namespace sciexam
