#include "retrieval/index/shards_writer.hpp"

#include "support/text/numbers.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::inline retrieval {

std::string shard_file_name(std::size_t number, std::string_view kind) {
  return printed("shard_%02zu.", number) + std::string(kind);
}

ShardsWriter::ShardsWriter(const std::filesystem::path& folder, std::span<const std::uint16_t> lengths,
                           std::uint32_t shard_passages)
    : folder_(folder), lengths_(lengths), shard_passages_(std::max<std::uint32_t>(1, shard_passages)) {
  while (lengths.size() > kMostShards * std::size_t{shard_passages_})
    shard_passages_ *= 2;
  for (std::size_t first = 0; first < lengths.size(); first += shard_passages_)
    writers_.push_back(std::make_unique<PostingsWriter>(
        folder / shard_file_name(writers_.size(), "postings"),
        lengths.subspan(first, std::min<std::size_t>(shard_passages_, lengths.size() - first))));
  dictionary_ = std::make_unique<DictionaryWriter>(folder / "terms.bin", writers_.size());
}

void ShardsWriter::end_term(std::string_view term) {
  lists_.clear();
  for (const auto& writer : writers_)
    lists_.push_back(writer->end_list());
  dictionary_->add(term, lists_);
}

ShardRecord ShardsWriter::write_lengths(std::size_t number) const {
  const std::size_t first = number * shard_passages_;
  const auto passages = std::min<std::size_t>(shard_passages_, lengths_.size() - first);
  LengthsWriter writer(folder_ / shard_file_name(number, "lengths"));
  for (const std::uint16_t length : lengths_.subspan(first, passages))
    writer.add(length);
  ShardRecord record = {
      static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(passages), 0, {}, writer.finish()};
  writer.commit();
  return record;
}

void ShardsWriter::finish(IndexManifest& manifest) {
  manifest.shards.clear();
  manifest.counts.postings = 0;
  for (std::size_t shard = 0; shard < writers_.size(); ++shard) {
    ShardRecord& record = manifest.shards.emplace_back(write_lengths(shard));
    record.postings = writers_[shard]->postings();
    record.postings_file = writers_[shard]->finish();
    writers_[shard]->commit();
    manifest.counts.postings += record.postings;
  }
  manifest.terms = dictionary_->finish();
  dictionary_->commit();
  manifest.counts.terms = dictionary_->terms();
  manifest.counts.total_length = std::accumulate(lengths_.begin(), lengths_.end(), std::uint64_t{0});
}

} // namespace sciexam::inline retrieval
