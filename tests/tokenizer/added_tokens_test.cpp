#include "tokenizer/added_tokens.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

AddedTokenFinder::Entry entry(std::int32_t id, const std::string& content) {
  return {content, {.id = id, .content = content}};
}

/// "a|7|b": texts and ids in order.
std::string parts(const AddedTokenFinder& finder, std::string_view text) {
  std::string found;
  finder.for_each_part(text, [&](const AddedTokenFinder::Part& part) {
    found += (found.empty() ? "" : "|") + (part.id ? std::to_string(*part.id) : std::string(part.text));
  });
  return found;
}

} // namespace

TEST_CASE("tokens are taken leftmost first, and the longest of those that begin together") {
  const AddedTokenFinder finder({entry(1, "<a>"), entry(2, "<a><b>"), entry(3, "b><")});
  CHECK(parts(finder, "x<a>y") == "x|1|y");
  CHECK(parts(finder, "<a><b><a>") == "2|1");
  CHECK(parts(finder, "<b><a>") == "<|3|a>");
  CHECK(parts(finder, "") == "");
  CHECK(parts(AddedTokenFinder({}), "abc") == "abc");
}

TEST_CASE("of two tokens with the same text the first counts") {
  const AddedTokenFinder finder({entry(1, "x"), entry(2, "x")});
  CHECK(parts(finder, "x") == "1");
}

TEST_CASE("a single word is not found beside letters, digits and joiners") {
  AddedTokenFinder::Entry word = entry(1, "day");
  word.token.single_word = true;
  const AddedTokenFinder finder({word});
  CHECK(parts(finder, "day-day (day)") == "1|-|1| (|1|)");
  CHECK(parts(finder, "monday days day_ 7day \u00E9"
                      "day day\u0301") == "monday days day_ 7day \u00E9"
                                          "day day\u0301");
}

TEST_CASE("a token takes white space along on the sides where it strips") {
  AddedTokenFinder::Entry left = entry(1, "<l>"), right = entry(2, "<r>");
  left.token.lstrip = true;
  right.token.rstrip = true;
  const AddedTokenFinder finder({left, right});
  CHECK(parts(finder, "a \u3000<l> b") == "a|1| b");
  CHECK(parts(finder, "a <r>\t\u0085 b") == "a |2|b");
  CHECK(parts(finder, "<r> <l>") == "2|1"); // the space is taken once
  CHECK(parts(finder, " <l>") == "1");
}
