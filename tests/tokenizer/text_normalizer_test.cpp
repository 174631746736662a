#include "tokenizer/small_model.hpp"
#include "tokenizer/text_normalizer.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

TextNormalizer normalizer(const std::map<std::string, std::string>& rules = {}) {
  return TextNormalizer(sentencepiece_steps(CharacterMap(rules.empty() ? "" : make_character_map(rules), "spm.model")));
}

std::string replaced(const std::string& expression, const std::string& text) {
  return TextNormalizer({Replace{expression, true, "_"}}).normalize(text);
}

} // namespace

TEST_CASE("white space of every kind is stripped from both ends") {
  CHECK(normalizer().normalize("\t \u0085\u00A0\u1680\u2009\u2028\u202F\u205F\u3000x y\r\n\v\f ") == "x y");
  CHECK(normalizer().normalize(" \u3000 ").empty());
  CHECK(normalizer().normalize("").empty());
}

TEST_CASE("a zero-width space and the like are not white space") {
  for (const std::string text : {"\u200B", "\uFEFF", "\u180E", "\x1F"})
    CHECK(normalizer().normalize(text) == text);
}

TEST_CASE("runs of spaces become one, also those that the map makes") {
  const auto spaces = normalizer({{"\t", " "}, {"\u200B", " "}});
  CHECK(spaces.normalize("a   b\t \tc") == "a b c");
  CHECK(spaces.normalize("\u200B\u200Ba\u200B") == " a ");
  CHECK(normalizer().normalize("a\u00A0\u00A0b") == "a\u00A0\u00A0b");
}

TEST_CASE("characters are rewritten by the map") {
  const auto map = normalizer({{"\u00BD", "1/2"}, {"\u00AD", ""}, {"\u4E00", "one"}});
  CHECK(map.normalize("a\u00BDb\u00ADc \u4E00\u4E00") == "a1/2bc oneone");
}

TEST_CASE("a cluster of less than 6 bytes is looked up whole") {
  const auto map = normalizer({{"e\u0301", "\u00E9"}});
  CHECK(map.normalize("e\u0301!") == "\u00E9!");
  CHECK(map.normalize("e\u0300!") == "e\u0300!");
}

TEST_CASE("what follows the key that a short cluster begins with is lost") {
  const auto map = normalizer({{"\u00BD", "1/2"}, {"\r", " "}});
  CHECK(map.normalize("\u00BD\u0301x") == "1/2x"); // 4 bytes
  CHECK(map.normalize("a\r\nb") == "a b");
  CHECK(map.normalize("\u00BD\u0301\u0302x") == "1/2\u0301\u0302x"); // 6 bytes: character by character
}

TEST_CASE("a cluster is a user-perceived character by UAX #29") {
  const auto map = normalizer({{"\u00A9", "(c)"}, {"\u0600", "n"}});
  CHECK(map.normalize("\u00A9\u200Dx") == "(c)x"); // 5 bytes with the joiner
  CHECK(map.normalize("\u0600"
                      "1x") == "nx"); // a prepended mark takes the digit with it
  CHECK(map.normalize("\u00A9x") == "(c)x");
}

TEST_CASE("runs of white space are replaced as the expression says") {
  CHECK(replaced(" {2,}", " a  b\t\tc   ") == " a_b\t\tc_");
  CHECK(replaced(" +", " a  b\tc ") == "_a_b\tc_");
  CHECK(replaced("\\s+", "\u00A0a \u3000\tb") == "_a_b");
  CHECK(replaced("\\s{2,}", "a\nb\u2028\u0085c") == "a\nb_c");
}

TEST_CASE("transformers 5 replaces runs of white space, and single line breaks and tabs") {
  const std::string expression = R"(\s{2,}|[\n\r\t])";
  CHECK(replaced(expression, "a b\tc\nd\re") == "a b_c_d_e");
  CHECK(replaced(expression, "a\u00A0b\u00A0\u00A0c\v\fd\ve") == "a\u00A0b_c_d\ve");
  CHECK(replaced(expression, "\t \ta \u3000") == "_a_");
  CHECK(replaced(expression, "\u200B\u200B\u180E\u180E") == "\u200B\u200B\u180E\u180E");
}

TEST_CASE("other expressions are not known") {
  CHECK(is_known_expression(" {2,}"));
  CHECK_FALSE(is_known_expression("[a-z]"));
  CHECK_FALSE(is_known_expression(" {3,}"));
}

TEST_CASE("a text is replaced wherever it stands") {
  const TextNormalizer quotes({Replace{"``", false, "\""}});
  CHECK(quotes.normalize("``a```b`") == "\"a\"`b`");
}

TEST_CASE("steps follow each other, and strip one end where they say so") {
  const TextNormalizer lower({LowerCase{}, Compose{}, Strip{.left = false, .right = true}});
  CHECK(lower.normalize(" E\u0301  ") == " \u00E9");
  CHECK(TextNormalizer({Strip{.left = true, .right = false}}).normalize(" a ") == "a ");
  CHECK(TextNormalizer({Compose{.compatibility = true}}).normalize("\uFB01x\u00B2") == "fix2");
  CHECK(TextNormalizer({Compose{}}).normalize("\uFB01x\u00B2") == "\uFB01x\u00B2");
  CHECK(TextNormalizer({}).normalize(" A ") == " A ");
}
