#include "retrieval/index/passage_index.hpp"

#include "retrieval/index/bytes.hpp"
#include "retrieval/index/postings_writer.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kMostManifestBytes = std::uint64_t{16} << 20;

IndexManifest read_index_manifest(const PackageFiles& files) {
  const IndexFile file(files, std::string(kIndexManifestName));
  if (file.bytes().size() > kMostManifestBytes)
    throw PackageError(file.path(), "is too long for a manifest", kIndexRemedy);
  return parse_index_manifest({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, file.path());
}

} // namespace

PassageIndex::PassageIndex(const PackageFiles& files, const Json& analyser)
    : path_(files.path_of(std::string(kIndexManifestName))), manifest_(read_index_manifest(files)),
      shards_(manifest_.shards.size()), is_left_out_(std::make_unique<std::atomic<bool>[]>(manifest_.shards.size())) {
  if (!analyser.is_null() && manifest_.analyser != analyser)
    throw PackageError(path_,
                       "says that the index was made with the analyser " + manifest_.analyser.dump() +
                           "; this program has " + analyser.dump(),
                       "Use the program's version that built it, or build the index again");
  terms_.emplace(open(files, manifest_.terms, kTermsMarker), manifest_.shards.size());
  if (terms_->terms() != manifest_.counts.terms)
    throw PackageError(files.path_of(manifest_.terms.name), "has not the number of terms that index.json says",
                       kIndexRemedy);
  open_texts(files);
  for (std::size_t shard = 0; shard < shards_.size(); ++shard)
    open_shard(files, shard);
}

CheckedFile PassageIndex::open(const PackageFiles& files, const CheckedFileRecord& record,
                               std::string_view marker) const {
  return {IndexFile(files, record.name), record, marker};
}

void PassageIndex::open_texts(const PackageFiles& files) {
  std::string dictionary;
  if (manifest_.text_dictionary) {
    const CheckedFile file = open(files, *manifest_.text_dictionary, kDictionaryMarker);
    const std::span<const std::byte> bytes = file.read(kMarkerBytes, file.content() - kMarkerBytes);
    dictionary.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  texts_.emplace(open(files, manifest_.texts, kTextsMarker), open(files, manifest_.articles, kArticlesMarker),
                 open(files, manifest_.passages, kPassagesMarker), dictionary);
  if (texts_->articles() != manifest_.counts.articles || texts_->stream_bytes() != manifest_.counts.text_bytes)
    throw PackageError(files.path_of(manifest_.texts.name), "has not the articles that index.json says", kIndexRemedy);
}

void PassageIndex::open_shard(const PackageFiles& files, std::size_t number) {
  const ShardRecord& record = manifest_.shards[number];
  try {
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate
    shards_[number].reset(new Shard{record.first_passage, record.passages,
                                    open(files, record.postings_file, kPostingsMarker),
                                    open(files, record.lengths_file, kLengthsMarker)});
  } catch (const PackageError& error) {
    leave_out(number, error.what());
  }
}

void PassageIndex::leave_out(std::size_t shard, const std::string& reason) const {
  const std::lock_guard lock(reasons_lock_);
  if (is_left_out_[shard].exchange(true, std::memory_order_acq_rel))
    return;
  reasons_.push_back({shard, manifest_.shards[shard].first_passage, manifest_.shards[shard].passages, reason});
}

std::string sentence_on(const LeftOutShard& shard) {
  return "the index answers without " + counted(shard.passages, "passage") + ": " + shard.reason;
}

std::vector<LeftOutShard> PassageIndex::left_out() const {
  const std::lock_guard lock(reasons_lock_);
  std::vector<LeftOutShard> sorted = reasons_;
  std::sort(sorted.begin(), sorted.end(),
            [](const LeftOutShard& a, const LeftOutShard& b) { return a.shard < b.shard; });
  return sorted;
}

} // namespace sciexam::inline retrieval
