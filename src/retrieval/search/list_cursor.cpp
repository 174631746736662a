#include "retrieval/search/list_cursor.hpp"

#include "retrieval/index/bytes.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

const unsigned char* characters(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

/// 128 gaps below this have a sum below 2^31.
constexpr std::uint32_t kSafeGap = 1U << 24;

/// For gaps whose sum may have overflowed. `before`: the passage before; 2^32 - 1 at the list's begin.
bool ascend(std::uint32_t before, std::span<const std::uint32_t> passages) {
  std::uint32_t least = before + 1;
  for (const std::uint32_t passage : passages) {
    if (passage < least || passage == UINT32_MAX)
      return false;
    least = passage + 1;
  }
  return true;
}

} // namespace

ListCursor::ListCursor(const Shard& shard, const ListPlace& place, const TermScore& score, const SearchKernels& kernels)
    : list_(shard.postings, place, shard.passages), kernels_(&kernels), lengths_(shard.length_table()), score_(score),
      offset_(list_.first_block()) {
  if (list_.is_short())
    read_short();
  else
    enter_block();
}

void ListCursor::read_short() {
  std::array<Posting, kBlockPostings> postings;
  count_ = list_.place().passages;
  list_.read_short(std::span(postings).first(count_));
  for (std::size_t i = 0; i < count_; ++i) {
    passages_[i] = postings[i].passage;
    frequencies_[i] = postings[i].frequency - 1;
  }
  summary_.last_passage = passages_[count_ - 1];
  has_passages_ = has_frequencies_ = true;
  decode_impacts();
  short_bound_ = *std::max_element(impacts_.begin(), impacts_.begin() + static_cast<std::ptrdiff_t>(count_));
}

void ListCursor::enter_block() {
  position_ = 0;
  has_passages_ = has_frequencies_ = has_impacts_ = false;
  if (at_end())
    return;
  summary_ = list_.summary(block_);
  count_ = list_.postings_in(block_);
}

void ListCursor::next_block() {
  before_ = summary_.last_passage;
  offset_ += summary_.bytes;
  ++block_;
  if (list_.is_short())
    return; // at the end
  enter_block();
}

void ListCursor::skip_blocks(std::uint32_t passage) {
  while (!at_end() && summary_.last_passage < passage)
    next_block();
}

std::uint32_t ListCursor::seek(std::uint32_t passage) {
  skip_blocks(passage);
  if (at_end())
    return kNoPassage;
  decode_passages();
  if (passages_[position_] >= passage)
    return passages_[position_];
  const auto from = passages_.begin() + static_cast<std::ptrdiff_t>(position_),
             end = passages_.begin() + static_cast<std::ptrdiff_t>(count_);
  position_ = static_cast<std::size_t>(std::lower_bound(from, end, passage) - passages_.begin());
  return passages_[position_]; // the block's last passage is not before the wanted one
}

void ListCursor::decode_tail(std::span<const std::byte> bytes) {
  std::array<Posting, kBlockPostings> postings;
  if (!read_tail(bytes, before_, summary_.last_passage, std::span(postings).first(count_)) ||
      postings[count_ - 1].passage != summary_.last_passage)
    list_.fail(block_);
  passages_.fill(0); // those behind the tail are scored too
  frequencies_.fill(0);
  for (std::size_t i = 0; i < count_; ++i) {
    passages_[i] = postings[i].passage;
    frequencies_[i] = postings[i].frequency - 1;
  }
  has_frequencies_ = true;
}

void ListCursor::decode_passages() {
  if (has_passages_)
    return;
  const std::span<const std::byte> bytes = list_.bytes(offset_, summary_.bytes);
  has_passages_ = true;
  if (count_ < kBlockPostings)
    return decode_tail(bytes);
  if (!read_layout(bytes, layout_))
    list_.fail(block_);
  kernels_->unpack(characters(layout_.gaps), layout_.gap_bits, passages_.data());
  if (!apply_patches(layout_.patches, layout_.end, layout_.gap_patches, layout_.gap_bits, passages_))
    list_.fail(block_);
  const std::uint32_t bits = kernels_->sum_gaps(passages_.data(), before_);
  if (passages_.back() != summary_.last_passage || (bits >= kSafeGap && !ascend(before_, passages_)))
    list_.fail(block_);
}

void ListCursor::decode_frequencies() {
  if (has_frequencies_)
    return;
  has_frequencies_ = true;
  kernels_->unpack(characters(layout_.frequencies), layout_.frequency_bits, frequencies_.data());
  const std::byte* at = layout_.patches;
  if (!apply_patches(at, layout_.end, layout_.frequency_patches, layout_.frequency_bits, frequencies_) ||
      at != layout_.end)
    list_.fail(block_);
}

void ListCursor::decode_impacts() {
  if (has_impacts_)
    return;
  decode_passages();
  decode_frequencies();
  kernels_->score({.passages = passages_.data(),
                   .frequencies = frequencies_.data(),
                   .lengths = characters(lengths_),
                   .weight = score_.weight,
                   .norm_base = score_.norm_base,
                   .norm_slope = score_.norm_slope,
                   .impacts = impacts_.data()});
  has_impacts_ = true;
}

std::int32_t ListCursor::impact_of(std::uint32_t passage, std::int32_t wanted) {
  skip_blocks(passage);
  if (at_end() || (!has_passages_ && bound_of(block_) <= wanted) || seek(passage) != passage)
    return 0;
  if (has_impacts_)
    return impacts_[position_];
  decode_frequencies();
  const auto length = load_number<std::uint16_t>(lengths_ + std::size_t{2} * passage);
  return score_.impact(frequencies_[position_] + 1, length);
}

std::uint32_t ListCursor::frequency_of(std::uint32_t passage) {
  if (seek(passage) != passage)
    return 0;
  decode_frequencies();
  return frequencies_[position_] + 1;
}

std::int32_t ListCursor::bound_of(std::size_t block) const {
  if (list_.is_short())
    return short_bound_;
  const BlockSummary summary = list_.summary(block);
  return score_.bound(summary.most_frequency, summary.least_length);
}

std::int32_t ListCursor::bound_before(std::uint32_t end) const {
  std::int32_t bound = 0;
  std::uint32_t first = before_ + 1; // the least passage that the block can begin with
  for (std::size_t block = block_; block < list_.blocks() && first < end; ++block) {
    bound = std::max(bound, bound_of(block));
    if (list_.is_short())
      break;
    first = list_.summary(block).last_passage + 1;
  }
  return bound;
}

void ListCursor::add_before(std::uint32_t end, AddedPostings call, void (*add)(const AddedPostings&)) {
  while (!at_end()) {
    if (before_ != UINT32_MAX && before_ + 1 >= end)
      return;
    decode_impacts();
    const auto from = passages_.begin() + static_cast<std::ptrdiff_t>(position_),
               last = passages_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto to = summary_.last_passage < end ? last : std::lower_bound(from, last, end);
    call.passages = passages_.data() + position_;
    call.impacts = impacts_.data() + position_;
    call.count = to - from;
    add(call);
    position_ = static_cast<std::size_t>(to - passages_.begin());
    if (to != last)
      return;
    next_block();
  }
}

} // namespace sciexam::inline retrieval
