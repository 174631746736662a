// Cleans texts before anything is trained on them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sciexam::inline data {

/// How many texts were changed, and by what.
struct CleaningCounts {
  std::size_t entities = 0; ///< HTML entities
  std::size_t controls = 0; ///< control and invisible characters
  std::size_t composed = 0; ///< Unicode NFC
  std::size_t spaces = 0;   ///< repeated or unusual white space, or white space at the ends

  bool operator==(const CleaningCounts&) const = default;
};

/// `text` (UTF-8) with HTML entities decoded, once; without control characters, zero-width spaces, soft
/// hyphens, direction marks and byte order marks; in Unicode's normal form C; every run of white space one
/// space, or one line end if it holds one; none at the ends. Throws InternalError if it is not UTF-8.
std::string clean_text(std::string_view text, CleaningCounts& counts);

} // namespace sciexam::inline data
