// Where the sentences of an English text end.
#pragma once

#include <cstddef>
#include <string_view>

namespace sciexam::inline data {

/// Where the sentence that follows the one at `begin` begins, or the text's end. A sentence ends
/// - behind ".", "?" or "!", with the quotes and brackets that follow, where white space comes next. A full stop is
/// none
///   behind common abbreviations ("e.g.", "Fig."), single letters ("J.", "U.S."), or before a word in lower case;
/// - behind the full stops of Chinese and Japanese;
/// - at a line end, unless the text goes on in lower case there (lines of a fixed width).
/// White space belongs to the sentence before it. Any bytes will do.
std::size_t next_sentence(std::string_view text, std::size_t begin) noexcept;

} // namespace sciexam::inline data
