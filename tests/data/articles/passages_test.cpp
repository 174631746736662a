#include "data/articles/passages.hpp"
#include "data/sets.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i)
    result += text;
  return result;
}

std::vector<std::string> cut(const std::string& text, std::size_t characters) {
  const Article article{"", text};
  std::vector<std::string> passages;
  for (const Passage& passage : split_into_passages(article, 0, characters))
    passages.emplace_back(text_of(passage, article));
  return passages;
}

} // namespace

TEST_CASE("articles are read from JSON lines, with and without title") {
  const TemporaryFolder folder;
  const auto articles = read_articles(write_file(
      folder / "a.jsonl", "\xEF\xBB\xBF{\"title\": \"T\", \"text\": \"x\\ny\", \"id\": 7}\r\n\n{\"text\": \"z\"}"));
  REQUIRE(articles.size() == 2);
  CHECK(articles[0].title == "T");
  CHECK(articles[0].text == "x\ny");
  CHECK(articles[1].title.empty());
}

TEST_CASE("a faulty line of articles is refused with its row") {
  const TemporaryFolder folder;
  const auto fault = [&](const std::string& text) {
    return fault_of([&] { read_articles(write_file(folder / "a.jsonl", text)); });
  };
  CHECK_THAT(fault("{\"text\": \"x\"}\n\n{\"text\": 3}\n"),
             ContainsSubstring("a.jsonl, row 3, column $.text: is not a string. "));
  CHECK_THAT(fault("{\"title\": \"x\"}\n"), ContainsSubstring("row 1, column $: has no \"text\". "));
  CHECK_THAT(fault("{\"text\"\n"), ContainsSubstring("row 1: is not valid JSON at byte "));
  CHECK_THAT(fault("\n \n"), ContainsSubstring("a.jsonl: has no articles. "));
  CHECK_THAT(fault_of([&] { read_articles(folder / "none.jsonl"); }),
             ContainsSubstring("cannot be opened: No such file"));
  CHECK_THAT(fault_of([&] { read_articles(folder.path()); }), ContainsSubstring("is a folder. "));
}

TEST_CASE("passages end at paragraph ends, as late as fits") {
  const std::string a(250, 'a'), b(250, 'b'), c(250, 'c');
  CHECK(cut(a + "\n\n" + b + "\n" + c + "\n", 501) == std::vector<std::string>{a, b + "\n" + c});
  CHECK(cut(a + "\n\n" + b + "\n" + c, 502) == std::vector<std::string>{a + "\n\n" + b, c});
  CHECK(cut(a + "\n\n" + b + "\n" + c, 2000) == std::vector<std::string>{a + "\n\n" + b + "\n" + c});
}

TEST_CASE("a long paragraph is cut at the end of a sentence, or between words, or anywhere") {
  const std::string sentence = std::string(295, 's') + " end.";
  CHECK(cut(sentence + " " + sentence, 500) == std::vector<std::string>{sentence, sentence});
  CHECK(cut(repeated("word ", 100), 402) == std::vector<std::string>{repeated("word ", 79) + "word"});
  CHECK(cut(std::string(900, 'x'), 450) == std::vector<std::string>{std::string(450, 'x'), std::string(450, 'x')});
}

TEST_CASE("lengths are in characters, and no character is cut") {
  const std::string text = repeated("\xC3\xA9", 900);
  CHECK(cut(text, 450) == std::vector<std::string>{repeated("\xC3\xA9", 450), repeated("\xC3\xA9", 450)});
}

TEST_CASE("what is too short is not a passage") {
  CHECK(cut(std::string(kLeastPassage - 1, 'x'), 1000).empty());
  CHECK(cut(std::string(kLeastPassage, 'x'), 1000).size() == 1);
  CHECK(cut(" \n\n ", 1000).empty());
  CHECK(cut("", 1000).empty());
}

TEST_CASE("a passage is found by its id, and another text or id is noticed") {
  std::vector<Article> articles = {{"", "short"}, {"", std::string(300, 'x') + "\n" + std::string(300, 'y')}};
  const std::vector<Passage> passages = split_into_passages(articles[1], 1, 400);
  REQUIRE(passages.size() == 2);
  const std::string id = id_of(passages[1], articles[1]);
  CHECK(id.starts_with("2-301-601-"));
  CHECK(id.size() <= 64); // the longest custom_id that services take
  Passage found{};
  REQUIRE(find_passage(id, articles, found));
  CHECK(found == passages[1]);
  for (const std::string other :
       {"", "2", "2-301-601", "2-301-601-", "2-301-601-0123456789ab", "3-301-601-0123456789ab", "0-0-5-0",
        "2-301-602-0", "2-5-5-0", "-1-0-5-0", "x", "99999999999999999999-1-2-0"})
    CHECK_FALSE(find_passage(other, articles, found));
  articles[1].text[400] = 'z';
  CHECK_FALSE(find_passage(id, articles, found));
}
