// Articles, and the passages in them that questions are written about.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline data {

struct Article {
  std::string title, text;
};

/// Reads JSON lines {"title": .., "text": ..}; other members are ignored, and so are empty lines. Throws UsageError if
/// the file cannot be opened, InputError with its row if a line is not of this form or there is none.
std::vector<Article> read_articles(const std::filesystem::path& path);

/// Bytes [begin, end) of an article's text.
struct Passage {
  std::size_t article; ///< from 0, in the file's order
  std::size_t begin, end;

  bool operator==(const Passage&) const = default;
};

/// Cuts the text at paragraph ends (line ends) into passages of at most `characters` code points; a longer paragraph
/// at sentence ends, where there are none between words, or else anywhere. What is left with fewer than
/// kLeastPassage characters gives too little to ask about and makes no passage.
std::vector<Passage> split_into_passages(const Article& article, std::size_t number, std::size_t characters);
inline constexpr std::size_t kLeastPassage = 200;

std::string_view text_of(const Passage& passage, const Article& article);

/// A name by which find_passage finds the passage again, even if passages are cut differently by then, and notices
/// that the text has changed: "NUMBER-BEGIN-END-HASH", the number of the article from 1.
std::string id_of(const Passage& passage, const Article& article);

/// The passage with this id. Returns false if the id has another form, or the article's text has changed.
bool find_passage(std::string_view id, const std::vector<Article>& articles, Passage& passage);

} // namespace sciexam::inline data
