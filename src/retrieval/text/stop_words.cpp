#include "retrieval/text/stop_words.hpp"

#include <algorithm>
#include <iterator>

namespace sciexam::inline retrieval {
namespace {

/// The 33 of Lucene's English analyser, which the published baselines leave out, and the wrapping that Wikipedia's
/// rendered formulae carry. Sorted.
constexpr std::string_view kStopWords[] = {
    "a",     "an",   "and",   "are",   "as",   "at",   "be", "but", "by",   "displaystyle", "for",  "if",
    "in",    "into", "is",    "it",    "no",   "not",  "of", "on",  "or",   "such",         "that", "the",
    "their", "then", "there", "these", "they", "this", "to", "was", "will", "with"};

static_assert(std::is_sorted(std::begin(kStopWords), std::end(kStopWords)));

} // namespace

bool is_stop_word(std::string_view word) noexcept {
  return std::binary_search(std::begin(kStopWords), std::end(kStopWords), word);
}

} // namespace sciexam::inline retrieval
