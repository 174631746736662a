#include "support/errors.hpp"
#include "tokenizer/character_map.hpp"
#include "tokenizer/small_model.hpp"

#include <cstring>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("a map finds the replacement of what a text begins with") {
  const CharacterMap map(make_character_map({{"\u00BD", "1/2"}, {"\r", " "}, {"\u200D", ""}}), "spm.model");
  CHECK(map.find("\u00BD") == "1/2");
  CHECK(map.find("\u00BDx") == "1/2");
  CHECK(map.find("\r\n") == " ");
  CHECK(map.find("\u200D") == "");
  CHECK_FALSE(map.find("x\u00BD"));
  CHECK_FALSE(map.find("\xC2"));
  CHECK_FALSE(map.find(""));
}

TEST_CASE("of two keys that a text begins with the shorter one counts") {
  const CharacterMap map(make_character_map({{"ab", "long"}, {"a", "short"}, {"bcd", "three"}}), "spm.model");
  CHECK(map.find("ab") == "short");
  CHECK(map.find("bcde") == "three");
  CHECK_FALSE(map.find("bc"));
}

TEST_CASE("a NUL character is in no map") {
  const CharacterMap map(make_character_map({{"a", "b"}, {"xyz", "c"}}), "spm.model");
  CHECK_FALSE(map.find(std::string_view("\0", 1)));
  CHECK_FALSE(map.find(std::string_view("x\0yz", 4)));
  CHECK(map.find(std::string_view("a\0", 2)) == "b");
}

TEST_CASE("a map of no bytes changes nothing") {
  const CharacterMap map("", "spm.model");
  CHECK_FALSE(map.find("a"));
}

TEST_CASE("a damaged map is refused") {
  const std::string good = make_character_map({{"a", "x"}, {"bc", "yz"}});
  std::uint32_t trie_bytes = 0;
  std::memcpy(&trie_bytes, good.data(), sizeof trie_bytes);
  const auto with_unit = [&](std::size_t index, std::uint32_t unit) {
    std::string map = good;
    std::memcpy(map.data() + sizeof(std::uint32_t) * (1 + index), &unit, sizeof unit);
    return map;
  };
  const auto with_size = [&](std::uint32_t size) {
    std::string map = good;
    std::memcpy(map.data(), &size, sizeof size);
    return map;
  };
  REQUIRE_NOTHROW(CharacterMap(good, "spm.model"));

  SECTION("cut off inside the trie's size") {
    CHECK_THROWS_AS(CharacterMap("abc", "spm.model"), InputError);
  }
  SECTION("a trie longer than the bytes") {
    CHECK_THROWS_AS(CharacterMap(with_size(0xFFFFFFFC), "spm.model"), InputError);
    CHECK_THROWS_AS(CharacterMap(good.substr(0, 100), "spm.model"), InputError);
  }
  SECTION("a trie of no units, or of part of one") {
    CHECK_THROWS_AS(CharacterMap(with_size(0), "spm.model"), InputError);
    CHECK_THROWS_AS(CharacterMap(with_size(trie_bytes - 2), "spm.model"), InputError);
  }
  SECTION("a replacement that is not UTF-8") {
    CHECK_THROWS_AS(CharacterMap(good + "\xFF" + std::string(1, '\0'), "spm.model"), InputError);
  }
  SECTION("a replacement without an end") {
    CHECK_THROWS_AS(CharacterMap(good.substr(0, good.size() - 1), "spm.model"), InputError);
    CHECK_THROWS_AS(CharacterMap(good.substr(0, sizeof trie_bytes + trie_bytes), "spm.model"), InputError);
  }
  // In this map the root's children lie at 1 ^ label, so 'a' is unit 1 ^ 0x61.
  SECTION("a value outside the array") {
    const std::uint32_t far = 'a' | 1u << 8 | 0x1FFFFFu << 10;
    CHECK_THROWS_AS(CharacterMap(with_unit(1 ^ 'a', far), "spm.model"), InputError);
  }
  SECTION("a value outside the replacements") {
    const std::uint32_t own_value = 'a' | 1u << 8 | 1u << 10; // its value is the unit beside it
    std::string map = with_unit(1 ^ 'a', own_value);
    const std::uint32_t value = 5 | 1u << 31;
    std::memcpy(map.data() + sizeof value * (1 + ('a' ^ 1 ^ 1)), &value, sizeof value);
    CHECK_THROWS_AS(CharacterMap(map, "spm.model"), InputError);
  }
  SECTION("a trie with a cycle") {
    const std::uint32_t back = 'a' | static_cast<std::uint32_t>('a') << 10; // its children are the root's
    CHECK_THROWS_AS(CharacterMap(with_unit(1 ^ 'a', back), "spm.model"), InputError);
  }
}
