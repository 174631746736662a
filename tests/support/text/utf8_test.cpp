#include "support/text/utf8.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("the beginning of a text ends between two characters") {
  CHECK(utf8_prefix("a\u00E9b", 1) == "a");
  CHECK(utf8_prefix("a\u00E9b", 2) == "a"); // in the middle of the second
  CHECK(utf8_prefix("a\u00E9b", 3) == "a\u00E9");
  CHECK(utf8_prefix("a\u00E9b", 9) == "a\u00E9b");
  CHECK(utf8_prefix("", 3).empty());
}

TEST_CASE("every Unicode scalar value survives encoding and decoding") {
  std::size_t wrong = 0;
  for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point == 0xD800)
      code_point = 0xE000; // surrogates are no scalar values
    std::string text = "x";
    append_utf8(text, code_point);
    const Utf8Character character = decode_utf8(text, 1);
    const std::size_t length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    wrong += character.code_point != code_point || text.size() != 1 + length ||
             static_cast<std::size_t>(character.length) != length;
  }
  CHECK(wrong == 0);
}

TEST_CASE("known characters have their known bytes") {
  std::string text;
  for (const char32_t code_point : {0x24, 0xA3, 0x20AC, 0x10348}) // the examples of Wikipedia's "UTF-8"
    append_utf8(text, code_point);
  CHECK(text == "\x24\xC2\xA3\xE2\x82\xAC\xF0\x90\x8D\x88");
}

TEST_CASE("ill-formed sequences are found (Unicode standard, table 3-7)") {
  for (const std::string bad : {
           "\x80", "\xBF",                         // a continuation alone
           "\xC2", "\xE2\x82", "\xF0\x90\x8D",     // cut short
           "\xC2x", "\xE2\x82x", "\xF0\x90\x8Dx",  // broken off
           "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", // longer than needed
           "\xF0\x8F\xBF\xBF",                     //
           "\xED\xA0\x80", "\xED\xBF\xBF",         // surrogates
           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", // above U+10FFFF
           "\xFE", "\xFF",                         // never in UTF-8
       }) {
    CAPTURE(bad.size(), static_cast<unsigned char>(bad[0]));
    CHECK(decode_utf8(bad, 0).length == 0);
    CHECK(find_invalid_utf8("caf\xC3\xA9" + bad) == 5);
  }
}

TEST_CASE("well-formed text has no invalid byte") {
  CHECK(find_invalid_utf8("") == std::string_view::npos);
  CHECK(find_invalid_utf8("a\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80"
                          "\xF4\x8F\xBF\xBF") == std::string_view::npos);
}

TEST_CASE("white space of any kind is no text") {
  for (const char* blank : {"", " ", "\t\r\n", "\xC2\xA0", "\xE2\x80\x8B \xE3\x80\x80", "\xEF\xBB\xBF"})
    CHECK_FALSE(has_text(blank));
  for (const char* text : {"a", " a ", "0", "-", "\xC3\xA9", "\xFF", "\xE2\x80\xA6"})
    CHECK(has_text(text));
}
