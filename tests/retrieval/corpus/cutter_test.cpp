#include "data/text/sentences.hpp"
#include "retrieval/corpus/cutter.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

bool is_white_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::size_t words_in(std::string_view text) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    words += !is_white_space(text[i]) && (i == 0 || is_white_space(text[i - 1]));
  return words;
}

std::string sentence_of(std::size_t words, char letter = 'w') {
  std::string text;
  for (std::size_t i = 0; i < words; ++i)
    text +=
        (i == 0 ? "" : " ") + std::string(1, static_cast<char>(i == 0 ? letter - 0x20 : letter)) + std::to_string(i);
  return text + ". ";
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

/// Begins of sentences, and the text's size.
std::vector<std::uint64_t> sentence_begins(std::string_view text) {
  std::vector<std::uint64_t> begins;
  std::size_t begin = 0;
  while (begin < text.size() && is_white_space(text[begin]))
    ++begin;
  for (; begin < text.size(); begin = next_sentence(text, begin))
    begins.push_back(begin);
  begins.push_back(text.size());
  return begins;
}

/// Text of all kinds: words, long words, long sentences, abbreviations, paragraphs, characters of up to four bytes.
std::string random_text(RandomSequence& random) {
  const char* const kPieces[] = {"word",
                                 "Dr.",
                                 "e.g.",
                                 "3.14",
                                 "\xC3\xA9t\xC3\xA9",
                                 "\xE4\xB8\xAD\xE6\x96\x87\xE3\x80\x82",
                                 "\xF0\x9D\x84\x9E",
                                 "\n\n",
                                 "\n",
                                 ". A",
                                 "? ",
                                 "(yes!) ",
                                 "  ",
                                 "The",
                                 "x"};
  std::string text;
  for (std::uint64_t pieces = random.next() % 1500; pieces > 0; --pieces) {
    const std::uint64_t kind = random.next() % 400;
    if (kind == 0)
      text += repeated("\xE4\xB8\xAD", static_cast<int>(random.next() % 9000));
    else if (kind == 1)
      text += sentence_of(random.next() % 700, 'n');
    else
      text += kPieces[kind % std::size(kPieces)] + std::string(kind % 4 == 0 ? "" : " ");
  }
  return text;
}

void check_windows(std::string_view text, const CutterSettings& settings) {
  const std::vector<Window> windows = cut_windows(text, settings);
  REQUIRE(cut_windows(text, settings) == windows);
  std::uint64_t covered = 0;
  for (const Window& window : windows) {
    const std::uint64_t end = window.begin + window.bytes;
    REQUIRE(end <= text.size());
    REQUIRE(end > covered);
    for (std::uint64_t i = covered; i < window.begin; ++i)
      REQUIRE(is_white_space(text[i]));
    REQUIRE((&window == windows.data() || window.begin > (&window - 1)->begin));
    covered = end;
    const std::string_view part = text.substr(window.begin, window.bytes);
    REQUIRE(!is_white_space(part.front()));
    REQUIRE(!is_white_space(part.back()));
    REQUIRE(window.bytes <= kMostWindowBytes);
    REQUIRE(words_in(part) <= static_cast<std::size_t>(2 * settings.words + settings.words / 4 + 1));
    REQUIRE(find_invalid_utf8(part) == std::string::npos);
  }
  REQUIRE(std::all_of(text.begin() + static_cast<std::ptrdiff_t>(covered), text.end(), is_white_space));
}

} // namespace

TEST_CASE("windows hold whole sentences, and the next one begins three before the end") {
  const std::string sentence = sentence_of(20), text = repeated(sentence, 30);
  const std::vector<Window> windows = cut_windows(text);
  REQUIRE(windows.size() >= 7);
  const std::uint64_t step = sentence.size();
  for (std::size_t i = 0; i < windows.size(); ++i) {
    CHECK(windows[i].begin == i * 3 * step); // six sentences of 20 words, and the next begins behind the third
    CHECK((windows[i].bytes == 6 * step - 1 || i + 1 == windows.size()));
  }
}

TEST_CASE("overlap is as many sentences as are said, fewer only where windows are that short") {
  RandomSequence random({.key = 5});
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i)
      text += sentence_of(3 + random.next() % 30);
    const CutterSettings settings{.words = 100, .overlap_sentences = static_cast<int>(random.next() % 4)};
    const std::vector<std::uint64_t> begins = sentence_begins(text);
    const std::vector<Window> windows = cut_windows(text, settings);
    const auto number_of = [&](std::uint64_t offset) {
      return std::lower_bound(begins.begin(), begins.end(), offset) - begins.begin();
    };
    for (std::size_t i = 1; i < windows.size(); ++i) {
      REQUIRE(begins[static_cast<std::size_t>(number_of(windows[i].begin))] == windows[i].begin);
      const auto end_before = number_of(windows[i - 1].begin + windows[i - 1].bytes);
      const auto overlap = end_before - number_of(windows[i].begin);
      REQUIRE(overlap >= 0);
      REQUIRE(overlap <= settings.overlap_sentences);
      if (overlap < settings.overlap_sentences) // one sentence more, and the window would not reach beyond the last
        REQUIRE((number_of(windows[i].begin) == number_of(windows[i - 1].begin) + 1 ||
                 words_in(std::string_view(text).substr(
                     begins[static_cast<std::size_t>(end_before - overlap - 1)],
                     begins[static_cast<std::size_t>(end_before + 1)] -
                         begins[static_cast<std::size_t>(end_before - overlap - 1)])) > 100));
    }
  }
}

TEST_CASE("any text is covered in order by windows of bounded size") {
  RandomSequence random({.key = 4});
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    check_windows(random_text(random), {.words = static_cast<int>(8 + random.next() % 200),
                                        .overlap_sentences = static_cast<int>(random.next() % 6)});
  }
  check_windows("", {});
  check_windows(" \n ", {});
  check_windows("one", {});
}

TEST_CASE("a sentence of more than twice the words is cut between words into equal parts") {
  std::string text = sentence_of(400);
  text.pop_back();
  const std::vector<Window> windows = cut_windows(text, {.words = 130, .overlap_sentences = 3});
  REQUIRE(windows.size() == 4);
  for (const Window& window : windows)
    CHECK(words_in(std::string_view(text).substr(window.begin, window.bytes)) == 100);
  const std::string longest = sentence_of(260);
  CHECK(cut_windows(longest).size() == 1);
}

TEST_CASE("text without spaces is cut between characters") {
  for (const char* character : {"x", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9D\x84\x9E"}) {
    const std::string text = repeated(character, 300000);
    check_windows(text, {});
    CHECK(cut_windows(text).size() ==
          (text.size() + kMostWindowBytes - 1) /
              (kMostWindowBytes / std::string_view(character).size() * std::string_view(character).size()));
  }
  CHECK(cut_windows(std::string(20000, '\x80')).size() == 3); // no characters at all
}

TEST_CASE("a short rest joins the window before") {
  const std::string sentence = sentence_of(26);
  const std::string five = repeated(sentence, 5);
  const std::vector<Window> joined = cut_windows(five + "A short rest.");
  REQUIRE(joined.size() == 1);
  CHECK(joined[0].bytes == five.size() + 13);
  CHECK(cut_windows(five + sentence_of(40)).size() == 2);
}

TEST_CASE("a paragraph's end is a sentence's end") {
  const std::string line = std::string(sentence_of(60)).substr(0, sentence_of(60).size() - 2); // without full stop
  const std::string text = line + "\n\n" + line + "\n\n" + line + "\n\n" + line;
  const std::vector<Window> windows = cut_windows(text, {.words = 60, .overlap_sentences = 0});
  REQUIRE(windows.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(windows[i] == Window{i * (line.size() + 2), line.size()});
}

TEST_CASE("the cutter's record gives its settings back, and another cutter's is refused") {
  const CutterSettings settings{.words = 99, .overlap_sentences = 2};
  const auto read = [](const Json& record) {
    return cutter_from_record(JsonDocument(record.dump(), "index.json").root());
  };
  Json record = record_of(settings);
  CHECK(read(record) == settings);
  record["version"] = 2;
  CHECK_THROWS_WITH(read(record),
                    ContainsSubstring("is of another cutter") && ContainsSubstring("Build the index again"));
  record = record_of(settings);
  record["settings"]["words"] = 0;
  CHECK_THROWS_AS(read(record), InputError);
  record = record_of(settings);
  record["settings"]["more"] = 0;
  CHECK_THROWS_AS(read(record), InputError);
  CHECK_THROWS_AS(cut_windows("a", {.words = 0}), InternalError);
}
