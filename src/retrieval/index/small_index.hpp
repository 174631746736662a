// Makes an index of few articles, in memory: for tests, and for a program's own little encyclopedia.
#pragma once

#include "retrieval/index/index_manifest.hpp"
#include "retrieval/index/shards_writer.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// A window of an article, analysed.
struct AnalysedPassage {
  std::uint64_t begin = 0, bytes = 0;  ///< in the article's text
  std::vector<std::string> terms = {}; ///< all of them, the title's too, repeated as in the text
};

struct SmallIndexSettings {
  std::uint32_t shard_passages = kShardPassages; ///< see ShardsWriter
  int compression_level = 12;                    ///< of the texts
  bool text_dictionary = true;                   ///< train one, if the texts suffice
};

/// Holds everything in memory until write(): some 20 bytes a posting.
class SmallIndex {
public:
  /// Articles in order. Throws InternalError for a passage outside of its text.
  void add_article(std::string id, std::string title, std::string text, std::vector<AnalysedPassage> passages);

  /// Writes the index into `folder`, which must exist. `about` gives the manifest's title, analyser, records and
  /// licence; counts and files are filled in. Returns the manifest. Throws WorkError.
  IndexManifest write(const std::filesystem::path& folder, IndexManifest about,
                      const SmallIndexSettings& settings = {}) const;

private:
  struct Article {
    std::string id, title, text;
    std::vector<AnalysedPassage> passages; // without their terms
  };
  struct Occurrence {
    std::uint32_t passage, frequency;
  };
  void write_postings(const std::filesystem::path& folder, std::uint32_t shard_passages, IndexManifest& manifest) const;
  void write_texts(const std::filesystem::path& folder, const SmallIndexSettings& settings,
                   IndexManifest& manifest) const;

  std::vector<Article> articles_;
  std::vector<std::uint16_t> lengths_;
  std::map<std::string, std::vector<Occurrence>, std::less<>> terms_;
};

} // namespace sciexam::inline retrieval
