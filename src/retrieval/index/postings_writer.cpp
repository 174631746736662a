#include "retrieval/index/postings_writer.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint32_t kMostInSummary = 255;

std::uint8_t at_most_255(std::uint32_t number) {
  return static_cast<std::uint8_t>(std::min(number, kMostInSummary));
}

} // namespace

PostingsWriter::PostingsWriter(const std::filesystem::path& path, std::span<const std::uint16_t> lengths)
    : file_(path, kPostingsMarker), lengths_(lengths) {}

void PostingsWriter::add(std::uint32_t passage, std::uint32_t frequency) {
  if (passage >= lengths_.size() || frequency == 0 || (last_ != UINT32_MAX && passage <= last_))
    throw InternalError("a posting of passage " + std::to_string(passage) + ", " + std::to_string(frequency) +
                        " times, came out of order");
  waiting_.push_back({passage, std::min(frequency, kMostFrequency)});
  last_ = passage;
  ++passages_;
  if (waiting_.size() == kBlockPostings)
    end_block();
}

BlockSummary PostingsWriter::summarise(std::span<const Posting> postings) const {
  std::uint32_t frequency = 0, length = kMostLength;
  for (const Posting& posting : postings) {
    frequency = std::max(frequency, posting.frequency);
    length = std::min<std::uint32_t>(length, lengths_[posting.passage]);
  }
  return {postings.back().passage, at_most_255(frequency), at_most_255(length), 0};
}

void PostingsWriter::end_block() {
  const std::size_t begin = blocks_.size();
  if (waiting_.size() == kBlockPostings)
    append_block(blocks_, before_, std::span<const Posting>(waiting_).first<kBlockPostings>());
  else
    append_tail(blocks_, before_, waiting_);
  BlockSummary summary = summarise(waiting_);
  summary.bytes = static_cast<std::uint16_t>(blocks_.size() - begin); // 128 postings take at most 2 KB
  append_summary(summaries_, summary);
  before_ = last_;
  waiting_.clear();
}

ListPlace PostingsWriter::end_list() {
  if (!waiting_.empty())
    end_block();
  ListPlace place = {file_.position(), 0, passages_};
  if (passages_ >= kBlockPostings)
    file_.write(summaries_);
  file_.write(blocks_);
  place.bytes = file_.position() - place.offset;
  postings_ += passages_;
  summaries_.clear();
  blocks_.clear();
  before_ = last_ = UINT32_MAX;
  passages_ = 0;
  return place;
}

CheckedFileRecord PostingsWriter::finish() {
  file_.write(std::string(kReadBeyond, '\0'));
  return file_.finish();
}

void LengthsWriter::add(std::uint16_t length) {
  std::string bytes;
  append_number(bytes, length);
  file_.write(bytes);
}

CheckedFileRecord LengthsWriter::finish() {
  file_.write(std::string(kReadBeyond, '\0'));
  return file_.finish();
}

} // namespace sciexam::inline retrieval
