#include "retrieval/index/small_index.hpp"

#include "retrieval/index/dictionary_writer.hpp"
#include "retrieval/index/postings_writer.hpp"
#include "retrieval/index/text_writer.hpp"
#include "support/errors.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

CheckedFileRecord write_dictionary(const std::filesystem::path& folder, std::string_view dictionary) {
  CheckedFileWriter file(folder / "texts.dictionary", kDictionaryMarker);
  file.write(dictionary);
  CheckedFileRecord record = file.finish();
  file.commit();
  return record;
}

} // namespace

std::string shard_file_name(std::size_t number, std::string_view kind) {
  return printed("shard_%02zu.", number) + std::string(kind);
}

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
  std::uint32_t shard_passages = std::max<std::uint32_t>(1, settings.shard_passages);
  while (lengths_.size() > kMostShards * std::size_t{shard_passages})
    shard_passages *= 2;
  about.counts = {};
  about.shards.clear();
  about.text_dictionary.reset();
  write_texts(folder, settings, about);
  write_postings(folder, shard_passages, about);
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
      manifest.text_dictionary = write_dictionary(folder, compression.dictionary);
  }
  TextWriter writer(folder, compression);
  for (const Article& article : articles_) {
    writer.add_article(article.id, article.title, article.text);
    for (const AnalysedPassage& passage : article.passages)
      writer.add_passage(passage.begin, passage.bytes);
  }
  const TextWriter::Records records = writer.finish();
  writer.commit();
  manifest.texts = records.texts;
  manifest.articles = records.articles;
  manifest.passages = records.passages;
  manifest.counts.articles = writer.articles();
  manifest.counts.passages = writer.passages();
  manifest.counts.text_bytes = writer.stream_bytes();
}

ShardRecord SmallIndex::write_lengths(const std::filesystem::path& folder, std::size_t number, std::uint32_t first,
                                      std::uint32_t passages) const {
  LengthsWriter writer(folder / shard_file_name(number, "lengths"));
  for (std::uint32_t passage = first; passage < first + passages; ++passage)
    writer.add(lengths_[passage]);
  ShardRecord record = {first, passages, 0, {}, writer.finish()};
  writer.commit();
  return record;
}

void SmallIndex::write_postings(const std::filesystem::path& folder, std::uint32_t shard_passages,
                                IndexManifest& manifest) const {
  std::vector<std::unique_ptr<PostingsWriter>> writers;
  for (std::size_t first = 0; first < lengths_.size(); first += shard_passages) {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(shard_passages, lengths_.size() - first));
    manifest.shards.push_back(write_lengths(folder, writers.size(), static_cast<std::uint32_t>(first), count));
    writers.push_back(std::make_unique<PostingsWriter>(folder / shard_file_name(writers.size(), "postings"),
                                                       std::span(lengths_).subspan(first, count)));
  }
  DictionaryWriter dictionary(folder / "terms.bin", writers.size());
  for (const auto& [term, occurrences] : terms_) {
    for (const Occurrence& occurrence : occurrences)
      writers[occurrence.passage / shard_passages]->add(occurrence.passage % shard_passages, occurrence.frequency);
    std::vector<ListPlace> lists;
    for (const auto& writer : writers)
      lists.push_back(writer->end_list());
    dictionary.add(term, lists);
  }
  for (std::size_t shard = 0; shard < writers.size(); ++shard) {
    manifest.shards[shard].postings = writers[shard]->postings();
    manifest.shards[shard].postings_file = writers[shard]->finish();
    writers[shard]->commit();
    manifest.counts.postings += writers[shard]->postings();
  }
  manifest.terms = dictionary.finish();
  dictionary.commit();
  manifest.counts.terms = dictionary.terms();
  for (const std::uint16_t length : lengths_)
    manifest.counts.total_length += length;
}

} // namespace sciexam::inline retrieval
