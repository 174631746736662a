#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::StartsWith;

namespace {

JsonDocument parse(const std::string& text) {
  return {text, "c.json"};
}

/// The text of the InputError that `use` throws for the root of `text`.
template <typename Use>
std::string fault(const std::string& text, Use use) {
  try {
    const JsonDocument document = parse(text);
    use(document.root());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string parse_fault(const std::string& text) {
  return fault(text, [](const JsonView&) {});
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

} // namespace

TEST_CASE("JSON values are read by name and index") {
  const JsonDocument document = parse(R"({"a": {"b": [1, "x", true, -2.5e3]}, "n": null})");
  const JsonView list = document.root().at("a").at("b");
  CHECK(list.size() == 4);
  CHECK(list.at(0).integer(0, 9) == 1);
  CHECK(list.at(1).string() == "x");
  CHECK(list.at(2).boolean());
  CHECK(list.at(3).number() == -2500.0);
  CHECK(list.at(3).path() == "$.a.b[3]");
  CHECK(document.root().has("a"));
  CHECK_FALSE(document.root().has("n"));
  CHECK_FALSE(document.root().has("z"));
  CHECK_FALSE(list.has("a"));
}

TEST_CASE("an object's members are listed in the order of the text") {
  const JsonDocument document = parse(R"({"b": 1, "a": "x", "c": null})");
  const auto members = document.root().members();
  REQUIRE(members.size() == 3);
  CHECK(members[0].first + members[1].first + members[2].first == "bac");
  CHECK(members[1].second.string() == "x");
  CHECK(members[1].second.path() == "$.a");
  CHECK_THAT(fault("[]", [](auto root) { root.members(); }), StartsWith("c.json, column $: is not an object. "));
}

TEST_CASE("views stay valid when their document moves") {
  JsonDocument first = parse(R"({"a": 1})");
  const JsonDocument second = std::move(first);
  CHECK_THROWS_WITH(second.root().at("a").string(), StartsWith("c.json, column $.a: is not a string. "));
}

TEST_CASE("a value of the wrong kind is refused with its file and path") {
  CHECK_THAT(fault(R"({"a": [1]})", [](auto root) { root.at("a").at(0).string(); }),
             StartsWith("c.json, column $.a[0]: is not a string. "));
  CHECK_THAT(fault("1", [](auto root) { root.boolean(); }),
             StartsWith("c.json, column $: is neither true nor false. "));
  CHECK_THAT(fault("\"1\"", [](auto root) { root.number(); }),
             StartsWith("c.json, column $: is not a finite number. "));
  CHECK_THAT(fault("[]", [](auto root) { root.at("a"); }), StartsWith("c.json, column $: is not an object. "));
  CHECK_THAT(fault("{}", [](auto root) { root.size(); }), StartsWith("c.json, column $: is not an array. "));
  CHECK_THAT(fault("[]", [](auto root) { root.allow_only({}); }), StartsWith("c.json, column $: is not an object. "));
}

TEST_CASE("missing members and elements are refused") {
  CHECK_THAT(fault("{}", [](auto root) { root.at("a"); }), StartsWith("c.json, column $: has no \"a\". "));
  CHECK_THAT(fault("[1, 2]", [](auto root) { root.at(2); }), StartsWith("c.json, column $: has only 2 elements. "));
}

TEST_CASE("an integer must be one, and within its range") {
  const auto read = [](const std::string& text) { return fault(text, [](auto root) { root.integer(-5, 5); }); };
  CHECK(read("5").empty());
  CHECK(read("-5").empty());
  for (const std::string text : {"6", "-6", "1.0", "\"1\"", "true", "null", "9223372036854775808", "1e30"}) {
    CAPTURE(text);
    CHECK_THAT(read(text), StartsWith("c.json, column $: is not an integer between -5 and 5. "));
  }
  CHECK(parse("9223372036854775807").root().integer(0, INT64_MAX) == INT64_MAX);
  CHECK_FALSE(fault("9223372036854775808", [](auto root) { root.integer(INT64_MIN, INT64_MAX); }).empty());
}

TEST_CASE("unknown members are refused where only known ones are allowed") {
  CHECK(fault(R"({"a": 1})", [](auto root) { root.allow_only({"a", "b"}); }).empty());
  CHECK_THAT(fault(R"({"a": 1, "c": 2})",
                   [](auto root) {
                     root.allow_only({"a", "b"});
                   }),
             StartsWith("c.json, column $: has the unknown member \"c\". "));
}

TEST_CASE("what is not JSON is refused with the byte") {
  CHECK(parse_fault("{\"a\": }") == "c.json: is not valid JSON at byte 7. Get the file from its source again");
  for (const std::string text : {"", "{", "[1,]", "nul", "{} x", "\"\xFF\"", "'a'", "NaN"}) {
    CAPTURE(text);
    CHECK_THAT(parse_fault(text), StartsWith("c.json: is not valid JSON at byte "));
  }
  CHECK_THAT(parse_fault("1e999"), StartsWith("c.json: holds a number out of range. "));
}

TEST_CASE("a key may occur only once in an object") {
  CHECK_THAT(parse_fault(R"({"a": 1, "b": {"a": 2}, "a": 3})"),
             StartsWith("c.json: has the key \"a\" twice in one object. "));
  CHECK(parse_fault(R"([{"a": 1}, {"a": 2, "b": {"a": 3}}])").empty());
}

TEST_CASE("an object of more than 16,384 members is refused") {
  const auto object_of = [](int members) {
    std::string text = "{";
    for (int i = 0; i < members; ++i)
      text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  CHECK(parse_fault(object_of(16'384)).empty());
  CHECK_THAT(parse_fault(object_of(16'385)), StartsWith("c.json: has an object of more than 16384 members. "));
}

TEST_CASE("nesting deeper than 64 levels is refused") {
  CHECK(parse_fault(nested(64)).empty());
  CHECK_THAT(parse_fault(nested(65)), StartsWith("c.json: is nested deeper than 64 levels. "));
  CHECK_THAT(parse_fault(std::string(1'000'000, '[')), StartsWith("c.json: is nested deeper than 64 levels. "));
}

TEST_CASE("a document is read from a file") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "m.json", R"({"title": "Caf\u00e9"})");
  CHECK(JsonDocument::from_file(folder / "m.json").root().at("title").string() == "Caf\xC3\xA9");
  CHECK_THROWS_AS(JsonDocument::from_file(folder / "none.json"), UsageError);
}
