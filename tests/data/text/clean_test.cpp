#include "data/text/clean.hpp"
#include "data/text/html_entities.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

std::string clean(std::string_view text) {
  CleaningCounts uncounted;
  return clean_text(text, uncounted);
}

CleaningCounts counts_of(std::string_view text) {
  CleaningCounts counts;
  clean_text(text, counts);
  return counts;
}

} // namespace

TEST_CASE("named and numeric entities become their characters") {
  CHECK(decode_html_entities("a &lt; b &amp;&amp; c &gt; d") == "a < b && c > d");
  CHECK(decode_html_entities("20&deg;C &#176; &#xB0; &#Xb0;") == "20\xC2\xB0"
                                                                 "C \xC2\xB0 \xC2\xB0 \xC2\xB0");
  CHECK(decode_html_entities("&AElig;&zeta;&thetasym;&eacute;") == "\xC3\x86\xCE\xB6\xCF\x91\xC3\xA9");
  CHECK(decode_html_entities("&#x1F600;") == "\xF0\x9F\x98\x80");
}

TEST_CASE("numeric entities of Windows-1252 are decoded as in browsers, angle brackets as the mathematical ones") {
  CHECK(decode_html_entities("1&#150;2 &#x92;") == "1\xE2\x80\x93"
                                                   "2 \xE2\x80\x99");
  CHECK(decode_html_entities("&#128;&#159;") == "\xE2\x82\xAC\xC5\xB8");
  CHECK(clean("a&#129;b") == "ab"); // it has none there: a control character
  CHECK(clean("&lang;x&rang;") == "\xE2\x9F\xA8x\xE2\x9F\xA9");
}

TEST_CASE("entities are decoded once") {
  CHECK(decode_html_entities("&amp;lt;") == "&lt;");
}

TEST_CASE("unknown entities stay as they are") {
  for (const std::string text : {"AT&T;", "R&D", "&ID;", "&", "&;", "&#;", "&#x;", "&#0;", "&#xD800;", "&#x110000;",
                                 "&#99999999999;", "&lt", "&#12a;", "& lt;", "&verylongname;", "&#-5;"})
    CHECK(decode_html_entities(text) == text);
}

TEST_CASE("control and invisible characters go, joiners stay") {
  CHECK(clean("a\x01"
              "b\x7F"
              "c\xC2\x80"
              "d") == "abcd");
  CHECK(clean("\xEF\xBB\xBFzero\xE2\x80\x8Bwidth, soft\xC2\xADhyphen, \xE2\x80\xAEmark\xE2\x80\xAC") ==
        "zerowidth, softhyphen, mark");
  CHECK(clean("\xE0\xA4\x95\xE2\x80\x8D\xE0\xA4\xB7") == "\xE0\xA4\x95\xE2\x80\x8D\xE0\xA4\xB7");
  CHECK(clean(std::string_view("a\0b", 3)) == "ab");
}

TEST_CASE("runs of white space become one space, or one line end, and none at the ends") {
  CHECK(clean("  two  spaces\t\ttabs\xC2\xA0\xE2\x80\x89thin ") == "two spaces tabs thin");
  CHECK(clean("first \r\n\r\n second\xE2\x80\xA8third\n") == "first\nsecond\nthird");
  CHECK(clean(" \n ").empty());
  CHECK(clean("").empty());
}

TEST_CASE("texts are composed to normal form C") {
  CHECK(clean("e\xCC\x81") == "\xC3\xA9");
  CHECK(clean("\xE2\x84\xAB") == "\xC3\x85");         // the Angstrom sign
  CHECK(clean("H\xE2\x82\x82O") == "H\xE2\x82\x82O"); // a subscript is not the digit
  CHECK(clean("e&#x301;") == "\xC3\xA9");             // after the entities
}

TEST_CASE("each kind of change is counted once per text") {
  CHECK(counts_of("plain text") == CleaningCounts{});
  CHECK(counts_of("caf\xC3\xA9") == CleaningCounts{});
  CHECK(counts_of("&lt;&gt;") == CleaningCounts{.entities = 1});
  CHECK(counts_of("a\x01\x02") == CleaningCounts{.controls = 1});
  CHECK(counts_of("e\xCC\x81") == CleaningCounts{.composed = 1});
  CHECK(counts_of("a  b  c ") == CleaningCounts{.spaces = 1});
  CHECK(counts_of(" a") == CleaningCounts{.spaces = 1});
  CHECK(counts_of("a ") == CleaningCounts{.spaces = 1});
  CHECK(counts_of("&nbsp;e\xCC\x81\x01 ") == CleaningCounts{1, 1, 1, 1});
}

TEST_CASE("cleaning a clean text changes nothing") {
  for (const std::string_view text :
       {"a\nb", "x < y & z", "caf\xC3\xA9 \xE2\x80\x93 5\xC2\xB0", " &amp;  \xEF\xBB\xBF?"}) {
    CleaningCounts counts;
    const std::string once = clean_text(text, counts);
    CHECK(clean_text(once, counts) == once);
  }
}

TEST_CASE("text that is not UTF-8 is the caller's fault") {
  CHECK_THROWS_AS(clean("\xFF"), InternalError);
}
