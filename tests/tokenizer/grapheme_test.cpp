#include "tokenizer/grapheme.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// The clusters of a text. Expected ones: UAX #29, rules GB3 to GB13.
std::vector<std::string> clusters(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const std::size_t length = grapheme_cluster_length(text);
    found.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return found;
}

using Clusters = std::vector<std::string>;

} // namespace

TEST_CASE("letters are clusters of their own, CR LF is one") {
  CHECK(clusters("ab\r\n\n\r") == Clusters{"a", "b", "\r\n", "\n", "\r"});
  CHECK(clusters("\u00E9\u4E00") == Clusters{"\u00E9", "\u4E00"});
}

TEST_CASE("marks stay with the letter before, prepended marks with the letter behind") {
  CHECK(clusters("e\u0301\u0302a") == Clusters{"e\u0301\u0302", "a"});
  CHECK(clusters("\u0600"
                 "1a") == Clusters{"\u0600"
                                   "1",
                                   "a"});
  CHECK(clusters("\n\u0301") == Clusters{"\n", "\u0301"});
}

TEST_CASE("Hangul jamo make syllables") {
  CHECK(clusters("\u1112\u1161\u11AB\u1100") == Clusters{"\u1112\u1161\u11AB", "\u1100"});
}

TEST_CASE("emoji sequences and flags are single clusters") {
  CHECK(clusters("\U0001F469\u200D\U0001F52C\U0001F44D\U0001F3FD") ==
        Clusters{"\U0001F469\u200D\U0001F52C", "\U0001F44D\U0001F3FD"});
  CHECK(clusters("\U0001F1EB\U0001F1F7\U0001F1E9") == Clusters{"\U0001F1EB\U0001F1F7", "\U0001F1E9"});
}

TEST_CASE("a virama joins two consonants") {
  CHECK(clusters("\u0915\u094D\u0937") == Clusters{"\u0915\u094D\u0937"});
  CHECK(clusters("\u0915\u094D\u200D\u0937") == Clusters{"\u0915\u094D\u200D\u0937"});
  CHECK(clusters("\u0915\u0937") == Clusters{"\u0915", "\u0937"});
  CHECK(clusters("\u0915\u094D\u200C\u0937") == Clusters{"\u0915\u094D\u200C", "\u0937"});
  CHECK(clusters("\u0905\u094D\u0937") == Clusters{"\u0905\u094D", "\u0937"});
}

TEST_CASE("code points whose class is new in Unicode 16 or 17 have that class") {
  CHECK(clusters("\u00BD\u0897") == Clusters{"\u00BD\u0897"});
  CHECK(clusters("e\u1ACF\u1AE2") == Clusters{"e\u1ACF\u1AE2"}); // Unicode 17
  CHECK(clusters("\U000113D1"
                 "1") == Clusters{"\U000113D1"
                                  "1"});
  CHECK(clusters("\U000E00DE\u0344") == Clusters{"\U000E00DE", "\u0344"});
  CHECK(clusters("\u2065\u0344") == Clusters{"\u2065", "\u0344"});
}
