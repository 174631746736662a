// Writes the searched part of an index: all shards, and the dictionary of the terms in them.
#pragma once

#include "retrieval/index/dictionary_writer.hpp"
#include "retrieval/index/index_manifest.hpp"
#include "retrieval/index/postings_writer.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// The usual number of passages in a shard.
inline constexpr std::uint32_t kShardPassages = 1U << 22;

/// Terms come in the order of their bytes, each one's postings in the order of passages.
class ShardsWriter {
public:
  /// `lengths`: [passages], in terms; they must outlive this. `shard_passages` is doubled until kMostShards are enough.
  ShardsWriter(const std::filesystem::path& folder, std::span<const std::uint16_t> lengths,
               std::uint32_t shard_passages = kShardPassages);

  /// The next posting of the current term, which has at least one.
  void add(std::uint32_t passage, std::uint32_t frequency) {
    writers_[passage / shard_passages_]->add(passage % shard_passages_, frequency);
  }
  void end_term(std::string_view term);
  /// Fills in the shards, the dictionary and the counts of both. Throws WorkError.
  void finish(IndexManifest& manifest);

private:
  ShardRecord write_lengths(std::size_t number) const;

  std::filesystem::path folder_;
  std::span<const std::uint16_t> lengths_;
  std::uint32_t shard_passages_;
  std::vector<std::unique_ptr<PostingsWriter>> writers_;
  std::unique_ptr<DictionaryWriter> dictionary_;
  std::vector<ListPlace> lists_; // of the current term
};

/// The name of a shard's file: "shard_07.postings".
std::string shard_file_name(std::size_t number, std::string_view kind);

} // namespace sciexam::inline retrieval
