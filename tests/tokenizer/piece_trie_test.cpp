#include "tokenizer/piece_trie.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

using Found = std::vector<std::pair<std::size_t, std::int32_t>>;

Found prefixes(const PieceTrie& trie, std::string_view text) {
  Found found;
  trie.for_each_prefix(text, [&](std::size_t length, std::int32_t id) { found.emplace_back(length, id); });
  return found;
}

} // namespace

TEST_CASE("a trie names every piece that a text begins with, shortest first") {
  const PieceTrie trie({{"abcd", 0}, {"a", 1}, {"abc", 2}, {"b", 3}, {"\u2581", 4}, {"\u2581x", 5}});
  CHECK(prefixes(trie, "abcx") == Found{{1, 1}, {3, 2}});
  CHECK(prefixes(trie, "abcd") == Found{{1, 1}, {3, 2}, {4, 0}});
  CHECK(prefixes(trie, "bcd") == Found{{1, 3}});
  CHECK(prefixes(trie, "\u2581xy") == Found{{3, 4}, {4, 5}});
  CHECK(prefixes(trie, "\u2582").empty());
  CHECK(prefixes(trie, "c").empty());
  CHECK(prefixes(trie, "").empty());
}

TEST_CASE("a node may have a child for every byte") {
  std::vector<std::string> texts;
  for (int byte = 0; byte < 256; ++byte)
    texts.push_back(std::string("x") + static_cast<char>(byte));
  std::vector<PieceTrie::Entry> entries;
  for (int byte = 0; byte < 256; ++byte)
    entries.emplace_back(texts[static_cast<std::size_t>(byte)], byte);
  const PieceTrie trie(std::move(entries));
  for (int byte = 0; byte < 256; ++byte)
    CHECK(prefixes(trie, texts[static_cast<std::size_t>(byte)]) == Found{{2, byte}});
}

TEST_CASE("a trie without pieces names none") {
  const PieceTrie trie({});
  CHECK(prefixes(trie, "abc").empty());
}
