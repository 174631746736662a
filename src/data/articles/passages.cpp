#include "data/articles/passages.hpp"

#include "data/tables/json_lines.hpp"
#include "data/text/sentences.hpp"
#include "support/errors.hpp"
#include "support/files/sha256.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace sciexam::inline data {
namespace {

/// The end of the first `characters` code points.
std::size_t end_of(std::string_view text, std::size_t characters) {
  std::size_t end = 0;
  for (; characters > 0 && end < text.size(); --characters)
    end += static_cast<std::size_t>(std::max(decode_utf8(text, end).length, 1));
  return end;
}

/// Where the sentence in which `text` breaks off at `limit` begins, or else the word; `limit` if it has neither.
std::size_t last_cut(std::string_view text, std::size_t limit) {
  constexpr std::size_t kLookedAhead = 256; // enough to tell whether a mark ends a sentence
  text = text.substr(0, limit + kLookedAhead);
  std::size_t cut = 0;
  for (std::size_t next = next_sentence(text, 0); next <= limit; next = next_sentence(text, next))
    cut = next;
  if (cut == 0)
    cut = text.substr(0, limit).rfind(' ');
  return cut == std::string_view::npos || cut == 0 ? limit : cut;
}

/// The end of the passage that begins `text`.
std::size_t passage_end(std::string_view text, std::size_t characters) {
  const std::size_t limit = end_of(text, characters);
  if (limit == text.size())
    return limit;
  const std::size_t paragraph = text.substr(0, limit + 1).rfind('\n');
  return paragraph != std::string_view::npos && paragraph > 0 ? paragraph : last_cut(text, limit);
}

constexpr std::size_t kHashDigits = 12;

std::string hash_of(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, kHashDigits);
}

} // namespace

std::vector<Article> read_articles(const std::filesystem::path& path) {
  JsonLines lines(path);
  std::vector<Article> articles;
  for (std::string line; lines.next(line);) {
    const JsonDocument document = lines.parse(line);
    const JsonView root = document.root();
    articles.push_back({root.has("title") ? root.at("title").string() : "", root.at("text").string()});
  }
  if (articles.empty())
    throw InputError({path}, "has no articles", "Each line must be {\"title\": .., \"text\": ..}");
  return articles;
}

std::vector<Passage> split_into_passages(const Article& article, std::size_t number, std::size_t characters) {
  std::vector<Passage> passages;
  const std::string_view text = article.text;
  for (std::size_t begin = 0; begin < text.size();) {
    begin = text.find_first_not_of(" \t\r\n", begin);
    if (begin == std::string_view::npos)
      break;
    const std::size_t end = begin + passage_end(text.substr(begin), characters);
    const std::size_t last = text.find_last_not_of(" \t\r\n", end - 1) + 1;
    if (count_characters(text.substr(begin, last - begin)) >= kLeastPassage)
      passages.push_back({number, begin, last});
    begin = end;
  }
  return passages;
}

std::string_view text_of(const Passage& passage, const Article& article) {
  return std::string_view(article.text).substr(passage.begin, passage.end - passage.begin);
}

std::string id_of(const Passage& passage, const Article& article) {
  return std::to_string(passage.article + 1) + "-" + std::to_string(passage.begin) + "-" + std::to_string(passage.end) +
         "-" + hash_of(text_of(passage, article));
}

bool find_passage(std::string_view id, const std::vector<Article>& articles, Passage& passage) {
  std::array<std::size_t, 3> numbers{};
  for (std::size_t& number : numbers) {
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end == id.data() + id.size() || *end != '-')
      return false;
    id.remove_prefix(static_cast<std::size_t>(end - id.data()) + 1);
  }
  const auto [article, begin, end] = numbers;
  if (article < 1 || article > articles.size() || begin >= end || end > articles[article - 1].text.size())
    return false;
  passage = {article - 1, begin, end};
  return hash_of(text_of(passage, articles[article - 1])) == id;
}

} // namespace sciexam::inline data
