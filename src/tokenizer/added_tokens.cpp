#include "tokenizer/added_tokens.hpp"

#include "support/text/utf8.hpp"
#include "tokenizer/code_points.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sciexam::inline tokenizer {
namespace {

PieceTrie trie_of_patterns(const std::vector<AddedTokenFinder::Entry>& entries) {
  std::vector<PieceTrie::Entry> patterns;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (seen.insert(entries[i].pattern).second)
      patterns.emplace_back(entries[i].pattern, static_cast<std::int32_t>(i));
  return PieceTrie(std::move(patterns));
}

/// Where the character that ends at `end` begins.
std::size_t character_before(std::string_view text, std::size_t end) {
  std::size_t start = end - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
    --start;
  return start;
}

} // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<Entry> entries)
    : entries_(std::move(entries)), trie_(trie_of_patterns(entries_)) {
  for (const Entry& entry : entries_)
    may_begin_[static_cast<unsigned char>(entry.pattern.front())] = true;
}

AddedTokenFinder::Match AddedTokenFinder::match_at(std::string_view text, std::size_t at) const {
  Match longest;
  if (may_begin_[static_cast<unsigned char>(text[at])])
    trie_.for_each_prefix(text.substr(at), [&](std::size_t length, std::int32_t index) {
      longest = {&entries_[static_cast<std::size_t>(index)], length};
    });
  return longest;
}

bool AddedTokenFinder::stands_alone(const Entry& entry, std::string_view text, std::size_t begin, std::size_t end) {
  if (!entry.token.single_word)
    return true;
  const bool word_before = begin > 0 && is_word_character(decode_utf8(text, character_before(text, begin)).code_point);
  return !word_before && (end == text.size() || !is_word_character(decode_utf8(text, end).code_point));
}

// White space that an earlier token has taken, up to `done`, is not taken again.
AddedTokenFinder::Extent AddedTokenFinder::with_white_space(const Entry& entry, std::string_view text, Extent extent,
                                                            std::size_t done) {
  if (entry.token.lstrip) {
    std::size_t begin = extent.begin;
    while (begin > 0) {
      const std::size_t before = character_before(text, begin);
      if (!is_white_space(decode_utf8(text, before).code_point))
        break;
      begin = before;
    }
    extent.begin = std::max(begin, done);
  }
  while (entry.token.rstrip && extent.end < text.size()) {
    const Utf8Character next = decode_utf8(text, extent.end);
    if (!is_white_space(next.code_point))
      break;
    extent.end += static_cast<std::size_t>(next.length);
  }
  return extent;
}

} // namespace sciexam::inline tokenizer
