#include "retrieval/index/term_dictionary.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kEndBytes = 24;

[[noreturn]] void fail_dictionary(const CheckedFile& file, const std::string& problem) {
  throw PackageError(file.path(), "is damaged: it " + problem, kIndexRemedy);
}

} // namespace

std::uint64_t term_fence(std::string_view term) {
  std::uint64_t fence = 0;
  for (std::size_t i = 0; i < sizeof fence; ++i)
    fence = fence << 8 | (i < term.size() ? static_cast<unsigned char>(term[i]) : 0U);
  return fence;
}

TermDictionary::TermDictionary(CheckedFile file, std::size_t shards) : file_(std::move(file)), shards_(shards) {
  const std::uint64_t content = file_.content();
  if (content < kMarkerBytes + 8 + kEndBytes)
    fail_dictionary(file_, "is too short");
  terms_ = number_at(content - kEndBytes);
  blocks_ = number_at(content - kEndBytes + 8);
  if (number_at(content - kEndBytes + 16) != shards)
    fail_dictionary(file_, "is of another number of shards than index.json says");
  const std::uint64_t room = content - kMarkerBytes - kEndBytes;
  if (blocks_ > room / 16 || 16 * blocks_ + 8 > room || terms_ > blocks_ * kBlockTerms ||
      terms_ + kBlockTerms <= blocks_ * kBlockTerms)
    fail_dictionary(file_, "has not the number of blocks that its terms take");
  fences_ = content - kEndBytes - (16 * blocks_ + 8);
  offsets_ = fences_ + 8 * blocks_;
}

std::uint64_t TermDictionary::number_at(std::uint64_t offset) const {
  return load_number<std::uint64_t>(file_.read(offset, 8).data());
}

std::span<const std::byte> TermDictionary::block_bytes(std::uint64_t block) const {
  const std::uint64_t begin = number_at(offsets_ + 8 * block), end = number_at(offsets_ + 8 * (block + 1));
  if (begin < kMarkerBytes || begin > end || end > fences_)
    fail_dictionary(file_, "has a block outside of itself");
  return file_.read(begin, end - begin);
}

std::string_view TermDictionary::first_term(std::uint64_t block) const {
  ByteReader reader(block_bytes(block), file_.path());
  for (std::size_t shard = 0; shard < shards_; ++shard)
    reader.varint();
  reader.varint(0); // nothing is shared
  return reader.text(reader.varint(kMostTermBytes));
}

/// False once `visit` is.
bool TermDictionary::read_block(std::uint64_t block, const Visit& visit) const {
  ByteReader reader(block_bytes(block), file_.path());
  std::vector<std::uint64_t> next(shards_);
  for (std::uint64_t& offset : next)
    offset = reader.varint(INT64_MAX);
  std::string term;
  TermRecord record;
  const std::uint64_t count = std::min<std::uint64_t>(kBlockTerms, terms_ - block * kBlockTerms);
  for (std::uint64_t i = 0; i < count; ++i) {
    term.resize(reader.varint(term.size()));
    term += reader.text(reader.varint(kMostTermBytes));
    const std::uint64_t present = reader.varint((std::uint64_t{1} << shards_) - 1);
    record.document_frequency = 0;
    record.lists.assign(shards_, {});
    for (std::size_t shard = 0; shard < shards_; ++shard) {
      if ((present >> shard & 1) == 0)
        continue;
      ListPlace& list = record.lists[shard];
      list.offset = next[shard];
      list.passages = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
      list.bytes = reader.varint(INT64_MAX - next[shard]);
      next[shard] += list.bytes;
      record.document_frequency += list.passages;
    }
    if (!visit(term, record))
      return false;
  }
  if (reader.left() != 0)
    fail_dictionary(file_, "has a block that does not end behind its last term");
  return true;
}

std::optional<TermRecord> TermDictionary::find(std::string_view term) const {
  if (term.empty() || blocks_ == 0)
    return std::nullopt;
  // The last block whose first term is not behind `term`.
  const std::uint64_t wanted = term_fence(term);
  std::uint64_t first = 0, last = blocks_; // it is in [first, last), or there is none
  while (last - first > 1) {
    const std::uint64_t middle = first + (last - first) / 2, here = fence(middle);
    if (here < wanted || (here == wanted && first_term(middle) <= term))
      first = middle;
    else
      last = middle;
  }
  std::optional<TermRecord> found;
  read_block(first, [&](std::string_view each, const TermRecord& record) {
    if (each == term)
      found = record;
    return each < term;
  });
  return found;
}

void TermDictionary::for_each(const std::function<void(std::string_view term, const TermRecord& record)>& call) const {
  for (std::uint64_t block = 0; block < blocks_; ++block)
    read_block(block, [&](std::string_view term, const TermRecord& record) {
      call(term, record);
      return true;
    });
}

} // namespace sciexam::inline retrieval
