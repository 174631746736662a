#include "retrieval/corpus/cutter.hpp"

#include "data/text/sentences.hpp"
#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <limits>

namespace sciexam::inline retrieval {
namespace {

constexpr const char *kCutterName = "sentences", *kRemedy =
                                                     "Build the index again with this version of sciexam-run, or "
                                                     "use the version that built it";
constexpr int kCutterVersion = 1;
constexpr int kLeastWords = 8, kMostWords = 1000, kMostOverlap = 100;

/// A sentence or a part of one, without white space at its ends.
struct Sentence {
  std::size_t begin, end;
  std::size_t words;
};

bool is_white(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The next word's end; `begin` is moved to its beginning. At the text's end both are there.
std::size_t next_word(std::string_view text, std::size_t& begin) {
  while (begin < text.size() && is_white(text[begin]))
    ++begin;
  std::size_t end = begin;
  while (end < text.size() && !is_white(text[end]))
    ++end;
  return end;
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = next_word(text, begin);
    words += end > begin;
    begin = end;
  }
  return words;
}

/// A text's sentences, none of them with more than twice `most_words` words or more than kMostWindowBytes.
class SentenceList {
public:
  SentenceList(std::string_view text, std::size_t most_words) : text_(text), most_words_(most_words) {
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
      end = next_sentence(text, begin);
      add(begin, end);
    }
  }
  const std::vector<Sentence>& get() const { return sentences_; }

private:
  void add(std::size_t begin, std::size_t end) {
    while (begin < end && is_white(text_[begin]))
      ++begin;
    while (begin < end && is_white(text_[end - 1]))
      --end;
    const std::size_t words = count_words(text_.substr(begin, end - begin));
    if (words == 0)
      return;
    if (words <= 2 * most_words_ && end - begin <= kMostWindowBytes)
      sentences_.push_back({begin, end, words});
    else
      add_parts(begin, end, words);
  }

  void add_parts(std::size_t begin, std::size_t end, std::size_t words) {
    const std::size_t parts = (words + most_words_ - 1) / most_words_, part_words = (words + parts - 1) / parts;
    const std::string_view sentence = text_.substr(0, end);
    Sentence part{begin, begin, 0};
    for (std::size_t word = begin; word < end;) {
      const std::size_t word_end = next_word(sentence, word);
      if (part.words == part_words || (part.words > 0 && word_end - part.begin > kMostWindowBytes)) {
        sentences_.push_back(part);
        part = {word, word, 0};
      }
      for (; word_end - word > kMostWindowBytes; part.begin = word) { // it is alone in its part
        const std::size_t bytes = prefix_bytes(text_.substr(word, word_end - word));
        sentences_.push_back({word, word + bytes, 1});
        word += bytes;
      }
      part.end = word = word_end;
      ++part.words;
    }
    sentences_.push_back(part);
  }

  /// Of a long word: as many whole characters as a window may have; any bytes if they are no characters.
  static std::size_t prefix_bytes(std::string_view word) {
    const std::size_t bytes = utf8_prefix(word, kMostWindowBytes).size();
    return bytes > 0 ? bytes : kMostWindowBytes;
  }

  std::string_view text_;
  std::size_t most_words_;
  std::vector<Sentence> sentences_;
};

/// The end of the window that begins with sentence `first`: as near to `words` words as whole sentences come.
std::size_t window_end(const std::vector<Sentence>& sentences, std::size_t first, std::size_t words) {
  std::size_t end = first + 1, sum = sentences[first].words;
  for (; end < sentences.size(); ++end) {
    const std::size_t with_next = sum + sentences[end].words;
    const bool nearer = with_next <= words || (sum < words && with_next - words < words - sum);
    if (!nearer || sentences[end].end - sentences[first].begin > kMostWindowBytes)
      break;
    sum = with_next;
  }
  return end;
}

Window window_of(const std::vector<Sentence>& sentences, std::size_t first, std::size_t end) {
  return {sentences[first].begin, sentences[end - 1].end - sentences[first].begin};
}

/// Joins the last window to the one before, whose sentences end before `new_from`, if it adds too little.
void join_last(std::vector<Window>& windows, const std::vector<Sentence>& sentences, std::size_t new_from,
               std::size_t words) {
  if (windows.size() < 2)
    return;
  std::size_t added = 0;
  for (std::size_t i = new_from; i < sentences.size(); ++i)
    added += sentences[i].words;
  Window& before = windows[windows.size() - 2];
  const std::uint64_t bytes = sentences.back().end - before.begin;
  if (4 * added >= words || bytes > kMostWindowBytes)
    return;
  before.bytes = bytes;
  windows.pop_back();
}

bool is_in_range(const CutterSettings& settings) {
  return settings.words >= kLeastWords && settings.words <= kMostWords && settings.overlap_sentences >= 0 &&
         settings.overlap_sentences <= kMostOverlap;
}

} // namespace

std::vector<Window> cut_windows(std::string_view text, const CutterSettings& settings) {
  if (!is_in_range(settings))
    throw InternalError("cut_windows: settings out of range");
  const auto words = static_cast<std::size_t>(settings.words);
  const auto overlap = static_cast<std::size_t>(settings.overlap_sentences);
  const SentenceList list(text, words);
  const std::vector<Sentence>& sentences = list.get();
  std::vector<Window> windows;
  std::size_t first = 0, end = 0, end_before = 0;
  while (end < sentences.size()) {
    if (end > 0) {
      first = std::max(first + 1, end - std::min(overlap, end));
      while (window_end(sentences, first, words) <= end)
        ++first;
    }
    end_before = end;
    end = window_end(sentences, first, words);
    windows.push_back(window_of(sentences, first, end));
  }
  join_last(windows, sentences, end_before, words);
  return windows;
}

Json record_of(const CutterSettings& settings) {
  return {{"name", kCutterName},
          {"version", kCutterVersion},
          {"settings", {{"words", settings.words}, {"overlap_sentences", settings.overlap_sentences}}}};
}

CutterSettings cutter_from_record(const JsonView& record) {
  if (record.at("name").string() != kCutterName ||
      record.at("version").integer(0, std::numeric_limits<int>::max()) != kCutterVersion)
    record.fail("is of another cutter (" + record.json().dump() + ")", kRemedy);
  const JsonView settings = record.at("settings");
  settings.allow_only({"words", "overlap_sentences"});
  return {.words = static_cast<int>(settings.at("words").integer(kLeastWords, kMostWords)),
          .overlap_sentences = static_cast<int>(settings.at("overlap_sentences").integer(0, kMostOverlap))};
}

} // namespace sciexam::inline retrieval
