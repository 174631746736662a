#include "retrieval/index/dictionary_writer.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {

DictionaryWriter::DictionaryWriter(const std::filesystem::path& path, std::size_t shards)
    : file_(path, kTermsMarker), next_(shards, kMarkerBytes) {}

void DictionaryWriter::begin_block(std::string_view term) {
  append_number(fences_, term_fence(term));
  append_number(offsets_, file_.position());
  std::string bases;
  for (const std::uint64_t next : next_)
    append_varint(bases, next);
  file_.write(bases);
  last_.clear();
}

void DictionaryWriter::add(std::string_view term, std::span<const ListPlace> lists) {
  if (term.empty() || term.size() > kMostTermBytes || (terms_ > 0 && term <= last_) || lists.size() != next_.size())
    throw InternalError("the term \"" + std::string(term) + "\" came out of order");
  if (terms_++ % kBlockTerms == 0)
    begin_block(term);
  const auto shared = static_cast<std::size_t>(
      std::mismatch(term.begin(), term.end(), last_.begin(), last_.end()).first - term.begin());
  std::string entry, shard_entries;
  append_varint(entry, shared);
  append_varint(entry, term.size() - shared);
  entry += term.substr(shared);
  std::uint64_t present = 0;
  for (std::size_t shard = 0; shard < lists.size(); ++shard) {
    const ListPlace& list = lists[shard];
    if (list.passages == 0)
      continue;
    if (list.offset != next_[shard])
      throw InternalError("the postings of \"" + std::string(term) + "\" do not follow those of the term before");
    present |= std::uint64_t{1} << shard;
    append_varint(shard_entries, list.passages);
    append_varint(shard_entries, list.bytes);
    next_[shard] += list.bytes;
  }
  append_varint(entry, present);
  file_.write(entry + shard_entries);
  last_ = term;
}

CheckedFileRecord DictionaryWriter::finish() {
  append_number(offsets_, file_.position());
  const std::uint64_t blocks = fences_.size() / 8;
  file_.write(fences_);
  file_.write(offsets_);
  std::string end;
  for (const std::uint64_t number : {terms_, blocks, std::uint64_t{next_.size()}})
    append_number(end, number);
  file_.write(end);
  return file_.finish();
}

} // namespace sciexam::inline retrieval
