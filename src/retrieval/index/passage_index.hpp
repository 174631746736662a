// An index, opened: its files mapped, none of them read but for what is touched.
#pragma once

#include "package/package_files.hpp"
#include "retrieval/index/index_manifest.hpp"
#include "retrieval/index/postings_list.hpp"
#include "retrieval/index/term_dictionary.hpp"
#include "retrieval/index/texts.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// One shard's files.
struct Shard {
  std::uint32_t first_passage = 0, passages = 0;
  CheckedFile postings, lengths;

  /// Two bytes a passage, unaligned; kReadBeyond bytes follow. The file is checked whole on the first call (8 MB of 4
  /// million passages: milliseconds). Throws PackageError.
  const std::byte* length_table() const { return lengths.read(kMarkerBytes, lengths.content() - kMarkerBytes).data(); }
};

/// A shard that does not answer, and why.
struct LeftOutShard {
  std::size_t shard = 0;
  std::uint32_t first_passage = 0, passages = 0;
  std::string reason; ///< names the file and, where a part of it is damaged, the chunk
};
/// For reports: that the index answers without it, and why.
std::string sentence_on(const LeftOutShard& shard);

/// Safe for several threads at once.
class PassageIndex {
public:
  /// Opens the index in a folder. `analyser`: the record of what queries will be analysed by; null takes any. Throws
  /// PackageError if index.json, the dictionary of terms or the texts cannot be used, or if the analyser is another
  /// one. A shard whose files are missing or damaged is left out instead.
  PassageIndex(const PackageFiles& files, const Json& analyser);

  /// Of index.json: what messages name.
  const std::filesystem::path& path() const noexcept { return path_; }
  const IndexManifest& manifest() const noexcept { return manifest_; }
  const TermDictionary& terms() const noexcept { return *terms_; }
  const TextFiles& texts() const noexcept { return *texts_; }
  std::size_t shards() const noexcept { return manifest_.shards.size(); }

  /// Null for one that is left out.
  const Shard* shard(std::size_t number) const {
    return is_left_out_[number].load(std::memory_order_acquire) ? nullptr : shards_[number].get();
  }
  /// From now on the shard answers no more. Only the first reason is kept.
  void leave_out(std::size_t shard, const std::string& reason) const;
  std::vector<LeftOutShard> left_out() const;

private:
  CheckedFile open(const PackageFiles& files, const CheckedFileRecord& record, std::string_view marker) const;
  void open_shard(const PackageFiles& files, std::size_t number);
  void open_texts(const PackageFiles& files);

  std::filesystem::path path_;
  IndexManifest manifest_;
  std::optional<TermDictionary> terms_;
  std::optional<TextFiles> texts_;
  std::vector<std::unique_ptr<Shard>> shards_; // null: could not be opened
  mutable std::unique_ptr<std::atomic<bool>[]> is_left_out_;
  mutable std::mutex reasons_lock_;
  mutable std::vector<LeftOutShard> reasons_;
};

} // namespace sciexam::inline retrieval
