// Properties and mappings of code points, as the tokenizers library has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace sciexam::inline tokenizer {

struct CodePointRange {
  char32_t first, last;
};

/// True if `c` lies in one of the ranges, which are sorted.
template <std::size_t N>
bool is_one_of(const CodePointRange (&ranges)[N], char32_t c) {
  const auto* range = std::ranges::lower_bound(ranges, c, {}, &CodePointRange::last);
  return range != std::ranges::end(ranges) && c >= range->first;
}

/// Unicode's White_Space property (PropList.txt): char::is_whitespace in Rust, \s in Oniguruma.
bool is_white_space(char32_t c);

/// ASCII punctuation and symbols, and the categories P* of Unicode 8, which
/// the library's pre-tokenizer Punctuation knows.
bool is_punctuation(char32_t c);

/// \w of Rust's regex: letters, marks, decimal digits, connectors, joiners.
bool is_word_character(char32_t c);

/// NFC or NFKC of Unicode 9, whose tables the library has: later characters
/// neither decompose nor compose, and are starters. `text` must be well-formed UTF-8.
std::string compose(std::string_view text, bool compatibility);

/// Each character's lower case by Unicode 17, whatever stands beside it (no final sigma).
std::string lower_case(std::string_view text);

} // namespace sciexam::inline tokenizer
