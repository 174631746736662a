#include "data/text/sentences.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline data {
namespace {

/// In lower case, without the full stop, sorted. Words that end sentences as often ("etc", "no") are left out.
constexpr std::string_view kAbbreviations[] = {
    "adm",  "al",   "approx", "apr",    "art", "assn", "aug", "ave",  "bros", "ca",   "capt", "cf",  "ch",
    "chap", "co",   "col",    "corp",   "dec", "dept", "dr",  "ed",   "eds",  "eq",   "eqs",  "esp", "est",
    "feb",  "fig",  "figs",   "ft",     "gen", "gov",  "hon", "inc",  "jan",  "jr",   "jul",  "jun", "lt",
    "ltd",  "mar",  "maj",    "messrs", "mr",  "mrs",  "ms",  "mt",   "nos",  "nov",  "oct",  "op",  "ph",
    "pp",   "prof", "ref",    "refs",   "rep", "rev",  "sec", "sen",  "sep",  "sept", "sgt",  "sp",  "spp",
    "sr",   "st",   "subsp",  "univ",   "var", "viz",  "vol", "vols", "vs"};

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(static_cast<char>(c | 0x20));
}

std::size_t skip_blank(std::string_view text, std::size_t offset) {
  while (offset < text.size() && is_blank(text[offset]))
    ++offset;
  return offset;
}

bool is_abbreviation(std::string_view word) {
  constexpr std::size_t kLongest = 6;
  std::array<char, kLongest> lower{};
  if (word.empty() || word.size() > kLongest)
    return false;
  std::transform(word.begin(), word.end(), lower.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  const std::string_view key(lower.data(), word.size());
  return std::find(std::begin(kAbbreviations), std::end(kAbbreviations), key) != std::end(kAbbreviations);
}

/// True if the full stop at `stop` belongs to the word before it, as in "Dr.", "J.", "e.g.".
bool stop_is_of_word(std::string_view text, std::size_t begin, std::size_t stop) {
  std::size_t word = stop;
  while (word > begin && is_letter(text[word - 1]))
    --word;
  const std::size_t letters = stop - word;
  const char before = word > begin ? text[word - 1] : ' ';
  if (letters == 1) // not of "5 m." or "H2O.": an initial, or one more letter of "e.g."
    return before == '.' ||
           ((text[word] & 0x20) == 0 && static_cast<unsigned char>(before) < 0x80 && !(before >= '0' && before <= '9'));
  if (letters == 2 && (text.substr(word, 2) == "No" || text.substr(word, 2) == "no")) { // "No. 5"
    const std::size_t next = skip_blank(text, stop + 1);
    return next < text.size() && text[next] >= '0' && text[next] <= '9';
  }
  return is_abbreviation(text.substr(word, letters));
}

/// Behind the quotes and brackets that close at `offset`.
std::size_t skip_closing(std::string_view text, std::size_t offset) {
  constexpr std::string_view kWide[] = {"\xE2\x80\x9D", "\xE2\x80\x99", "\xC2\xBB"}; // ” ’ »
  for (;;) {
    const std::size_t before = offset;
    if (offset < text.size() && std::string_view("\"')]}.!?").find(text[offset]) != std::string_view::npos)
      ++offset;
    for (const std::string_view mark : kWide)
      if (text.substr(offset).starts_with(mark))
        offset += mark.size();
    if (offset == before)
      return offset;
  }
}

/// The end of the sentence whose mark is at `mark` and whose last quote or bracket ends at `end`; 0 if it is none.
std::size_t end_at_mark(std::string_view text, std::size_t begin, std::size_t mark, std::size_t end) {
  if (end < text.size() && !is_blank(text[end]))
    return 0;
  const std::size_t next = skip_blank(text, end);
  const bool closed = end > mark + 1, stop = text[mark] == '.' && !closed;
  const bool goes_on = next < text.size() &&
                       (((stop || closed) && is_lower(text[next])) || (stop && stop_is_of_word(text, begin, mark)));
  return goes_on ? 0 : next;
}

std::size_t end_at_line_end(std::string_view text, std::size_t line_end) {
  const std::size_t next = skip_blank(text, line_end);
  const bool paragraph = std::count(text.begin() + static_cast<std::ptrdiff_t>(line_end),
                                    text.begin() + static_cast<std::ptrdiff_t>(next), '\n') > 1;
  return !paragraph && next < text.size() && is_lower(text[next]) ? 0 : next;
}

bool is_wide_stop(std::string_view text, std::size_t offset) {
  const std::string_view character = text.substr(offset, 3);
  return character == "\xE3\x80\x82" || character == "\xEF\xBC\x81" || character == "\xEF\xBC\x9F"; // 。！？
}

} // namespace

std::size_t next_sentence(std::string_view text, std::size_t begin) noexcept {
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    std::size_t end = 0;
    if (c == '.' || c == '?' || c == '!') {
      const std::size_t closed = skip_closing(text, i + 1);
      end = end_at_mark(text, begin, i, closed);
      i = closed - 1; // a run of marks is looked at once
    } else if (c == '\n') {
      end = end_at_line_end(text, i);
    } else if ((c == '\xE3' || c == '\xEF') && is_wide_stop(text, i)) {
      end = skip_blank(text, skip_closing(text, i + 3));
    }
    if (end != 0)
      return end;
  }
  return text.size();
}

} // namespace sciexam::inline data
