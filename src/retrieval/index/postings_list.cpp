#include "retrieval/index/postings_list.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"

namespace sciexam::inline retrieval {
namespace {

[[noreturn]] void fail_list(const CheckedFile& file, const ListPlace& place, const std::string& problem) {
  throw PackageError(file.path(),
                     "is damaged: the postings from byte " + std::to_string(place.offset) + " to " +
                         std::to_string(place.offset + place.bytes - 1) + " " + problem,
                     kIndexRemedy);
}

} // namespace

PostingsList::PostingsList(const CheckedFile& file, const ListPlace& place, std::uint32_t shard_passages)
    : file_(&file), place_(place), shard_passages_(shard_passages),
      blocks_((place.passages + kBlockPostings - 1) / kBlockPostings) {
  if (place.offset < kMarkerBytes || file.content() < kReadBeyond || place.offset > file.content() - kReadBeyond ||
      place.bytes > file.content() - kReadBeyond - place.offset)
    fail_list(file, place, "would lie outside of the file");
  if (place.passages == 0 || place.passages > shard_passages)
    fail_list(file, place,
              "would be of " + std::to_string(place.passages) + " passages in a shard of " +
                  std::to_string(shard_passages));
  if (is_short())
    return;
  const std::uint64_t table = blocks_ * kSummaryBytes;
  if (place.bytes < table)
    fail_list(file, place, "have no room for the summaries of their blocks");
  summaries_ = file.read(place.offset, table).data();
  std::uint64_t bytes = table, next = 0;
  for (std::size_t block = 0; block < blocks_; ++block) {
    const BlockSummary each = summary(block);
    if (each.last_passage < next || each.last_passage >= shard_passages)
      fail_list(file, place, "have a block whose last passage is not in order");
    next = std::uint64_t{each.last_passage} + 1;
    bytes += each.bytes;
  }
  if (bytes != place.bytes)
    fail_list(file, place, "are not as long as their blocks together");
}

void PostingsList::fail(std::size_t block) const {
  fail_list(*file_, place_, "contradict themselves in block " + std::to_string(block));
}

void PostingsList::read_short(std::span<Posting> postings) const {
  if (!read_tail(bytes(place_.offset, place_.bytes), UINT32_MAX, shard_passages_ - 1, postings))
    fail(0);
}

std::vector<Posting> read_list(const CheckedFile& file, const ListPlace& place, std::uint32_t shard_passages) {
  const PostingsList list(file, place, shard_passages);
  std::vector<Posting> postings(place.passages);
  if (list.is_short()) {
    list.read_short(postings);
    return postings;
  }
  std::uint32_t before = UINT32_MAX;
  std::uint64_t offset = list.first_block();
  for (std::size_t block = 0; block < list.blocks(); ++block) {
    const BlockSummary summary = list.summary(block);
    const std::span<const std::byte> bytes = list.bytes(offset, summary.bytes);
    const std::span<Posting> part = std::span(postings).subspan(block * kBlockPostings, list.postings_in(block));
    if (!(part.size() == kBlockPostings ? read_block(bytes, before, summary.last_passage, part.first<kBlockPostings>())
                                        : read_tail(bytes, before, summary.last_passage, part)) ||
        part.back().passage != summary.last_passage)
      list.fail(block);
    before = summary.last_passage;
    offset += summary.bytes;
  }
  return postings;
}

} // namespace sciexam::inline retrieval
