#include "retrieval/index/small_index.hpp"

#include "retrieval/index/text_writer.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sciexam::inline retrieval {

void SmallIndex::add_article(std::string id, std::string title, std::string text,
                             std::vector<AnalysedPassage> passages) {
  for (AnalysedPassage& passage : passages) {
    const auto number = static_cast<std::uint32_t>(lengths_.size());
    lengths_.push_back(static_cast<std::uint16_t>(std::min<std::size_t>(passage.terms.size(), kMostLength)));
    for (const std::string& term : std::exchange(passage.terms, {})) {
      std::vector<Occurrence>& list = terms_[term];
      if (list.empty() || list.back().passage != number)
        list.push_back({number, 0});
      ++list.back().frequency;
    }
  }
  articles_.push_back({std::move(id), std::move(title), std::move(text), std::move(passages)});
}

IndexManifest SmallIndex::write(const std::filesystem::path& folder, IndexManifest about,
                                const SmallIndexSettings& settings) const {
  about.counts = {};
  about.text_dictionary.reset();
  write_texts(folder, settings, about);
  write_postings(folder, settings.shard_passages, about);
  const std::string text = write_index_manifest(about);
  write_file_atomically(folder / kIndexManifestName, text);
  return parse_index_manifest(text, folder / kIndexManifestName);
}

void SmallIndex::write_texts(const std::filesystem::path& folder, const SmallIndexSettings& settings,
                             IndexManifest& manifest) const {
  TextCompression compression = {.level = settings.compression_level};
  if (settings.text_dictionary) {
    std::vector<std::string> samples;
    for (const Article& article : articles_)
      samples.push_back(article.title + article.text);
    compression.dictionary = train_text_dictionary(samples);
    if (!compression.dictionary.empty())
      manifest.text_dictionary = write_text_dictionary(folder, compression.dictionary);
  }
  TextWriter writer(folder, compression);
  for (const Article& article : articles_) {
    writer.add_article(article.id, article.title, article.text);
    for (const AnalysedPassage& passage : article.passages)
      writer.add_passage(passage.begin, passage.bytes);
  }
  finish_texts(writer, manifest);
}

void SmallIndex::write_postings(const std::filesystem::path& folder, std::uint32_t shard_passages,
                                IndexManifest& manifest) const {
  ShardsWriter writer(folder, lengths_, shard_passages);
  for (const auto& [term, occurrences] : terms_) {
    for (const Occurrence& occurrence : occurrences)
      writer.add(occurrence.passage, occurrence.frequency);
    writer.end_term(term);
  }
  writer.finish(manifest);
}

} // namespace sciexam::inline retrieval
