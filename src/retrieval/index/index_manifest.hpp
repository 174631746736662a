// index.json: what an index holds, with a hash over everything.
#pragma once

#include "retrieval/index/checked_file.hpp"
#include "support/text/json.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

inline constexpr std::string_view kIndexManifestName = "index.json";
inline constexpr std::string_view kIndexFormat = "sciexam-index";
inline constexpr int kIndexVersion = 2;
inline constexpr std::string_view kDictionaryMarker = "SCXdict1"; ///< of the texts' zstd dictionary

/// A range of passages with postings of its own; when its files are damaged, the others still answer.
struct ShardRecord {
  std::uint32_t first_passage = 0, passages = 0;
  std::uint64_t postings = 0;
  CheckedFileRecord postings_file, lengths_file;
};

struct IndexCounts {
  std::uint64_t articles = 0, passages = 0, terms = 0, postings = 0;
  std::uint64_t total_length = 0; ///< the passages' lengths in terms, as they are stored, together
  std::uint64_t text_bytes = 0;   ///< ids, titles and texts, plain
};

struct IndexManifest {
  std::string title = {}, created_by = {};
  std::string licence = {}, attribution = {}; ///< of the texts
  Json analyser = Json::object(); ///< the record of what made terms of texts: queries must be analysed by the same
  Json cutter = Json::object(), corpus = Json::object(); ///< records
  IndexCounts counts = {};
  CheckedFileRecord terms = {}, passages = {}, articles = {}, texts = {};
  std::optional<CheckedFileRecord> text_dictionary = {};
  std::vector<ShardRecord> shards = {}; ///< side by side, from passage 0 on
  std::string identity = {};            ///< 64 hexadecimal digits that stand for the whole index

  double average_length() const {
    return counts.passages == 0 ? 0 : static_cast<double>(counts.total_length) / static_cast<double>(counts.passages);
  }
};

/// Every file that the manifest names, in its order.
std::vector<CheckedFileRecord> files_of(const IndexManifest& manifest);

/// Reads index.json strictly. Throws PackageError, naming `file`, if it is none, is of another version, was changed
/// (its identity does not match), or contradicts itself.
IndexManifest parse_index_manifest(std::string_view text, const std::filesystem::path& file);

/// The text of index.json. The identity is computed; the one in `manifest` is ignored.
std::string write_index_manifest(const IndexManifest& manifest);

} // namespace sciexam::inline retrieval
