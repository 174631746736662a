#include "tokenizer/code_points.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("white space is Unicode's") {
  for (const char32_t c : {U'\t', U'\v', U'\r', U' ', U'\u0085', U'\u00A0', U'\u1680', U'\u200A', U'\u2029', U'\u3000'})
    CHECK(is_white_space(c));
  for (const char32_t c : {U'a', U'\u001F', U'\u180E', U'\u200B', U'\uFEFF'})
    CHECK_FALSE(is_white_space(c));
}

TEST_CASE("punctuation is ASCII's signs and Unicode 8's categories P") {
  for (const char32_t c :
       {U'!', U'$', U'+', U'@', U'[', U'^', U'`', U'|', U'~', U'\u00BF', U'\u2014', U'\u3002', U'\u166D'})
    CHECK(is_punctuation(c));
  for (const char32_t c : {U' ', U'a', U'7', U'\x7F', U'\u00A9', U'\u20AC', U'\u2E43', U'\u061D'})
    CHECK_FALSE(is_punctuation(c));
}

TEST_CASE("word characters are letters, marks, digits, connectors and joiners") {
  for (const char32_t c : {U'a', U'_', U'7', U'\u0301', U'\u4E00', U'\u2160', U'\u24B6', U'\u200D', U'\U0001F130'})
    CHECK(is_word_character(c));
  for (const char32_t c : {U'-', U' ', U'\u00B2', U'\u2014', U'\u200B', U'\u20AC'})
    CHECK_FALSE(is_word_character(c));
}

TEST_CASE("a text is composed, by compatibility on request") {
  CHECK(compose("nai\u0308ve cafe\u0301", false) == "na\u00EFve caf\u00E9");
  CHECK(compose("a\u0323\u0307 a\u0307\u0323", false) == "\u1EA1\u0307 \u1EA1\u0307");
  CHECK(compose("\u1112\u1161\u11AB\u212B\u0958", false) == "\uD55C\u00C5\u0915\u093C");
  CHECK(compose("\u00BD\u2075", false) == "\u00BD\u2075");
  CHECK(compose("\u00BD\u2075 \uFF21", true) == "1\u20442"
                                                "5 A");
  CHECK(compose("", false).empty());
  CHECK(compose("  a  ", false) == "  a  ");
}

TEST_CASE("marks later than Unicode 9 stay where they are") {
  CHECK(compose("q\u0338\u0327", false) == "q\u0338\u0327"); // both of Unicode 1: 1 before 202
  CHECK(compose("q\u0327\u0338", false) == "q\u0338\u0327");
  CHECK(compose("q\u1DF6\u0338", false) == "q\u1DF6\u0338"); // Unicode 10: class 232, but not known
  CHECK(compose("\u32FF", true) == "\u32FF");                // Unicode 12.1
}

TEST_CASE("letters are lower-cased one by one") {
  CHECK(lower_case("ABC \u00C9\u0394 \u1E9E") == "abc \u00E9\u03B4 \u00DF");
  CHECK(lower_case("\u0130") == "i\u0307");
  CHECK(lower_case("\u039F\u03A3") == "\u03BF\u03C3"); // no final sigma
  CHECK(lower_case("\U00016EA0\uA7CB") == "\U00016EBB\u0264");
}
