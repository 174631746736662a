// Cuts an article into the windows that are searched for.
#pragma once

#include "support/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

struct CutterSettings {
  int words = 130;           ///< of a window, about; 8 to 1,000
  int overlap_sentences = 3; ///< of a window that the next one begins with; 0 to 100

  bool operator==(const CutterSettings&) const = default;
};

inline constexpr std::size_t kMostWindowBytes = 8192;

/// Bytes [begin, begin + bytes) of a text, without white space at either end.
struct Window {
  std::uint64_t begin, bytes;

  bool operator==(const Window&) const = default;
};

/// Cuts `text` into overlapping windows of whole sentences (data/text/sentences.hpp) with as near to `words` words as
/// they come, words being what stands between white space. The next window begins `overlap_sentences` sentences before
/// the end of the last one; later, where it would not reach beyond that end or begin where the last one did. Besides:
/// - a sentence of more than twice `words` words is cut between words into equal parts, which count as sentences; so is
///   one of more than kMostWindowBytes, and a word of more than that between characters. No window has more than
///   either;
/// - if the last window would add fewer than a quarter of `words`, these go to the one before.
/// Together the windows hold all of the text but white space. A text of nothing else has none. Throws InternalError for
/// settings out of range.
std::vector<Window> cut_windows(std::string_view text, const CutterSettings& settings = {});

/// {"name", "version", "settings"}: what an index records.
Json record_of(const CutterSettings& settings);
/// The settings of a record. Throws InputError if this program's cutter would cut otherwise, or they are out of range.
CutterSettings cutter_from_record(const JsonView& record);

} // namespace sciexam::inline retrieval
