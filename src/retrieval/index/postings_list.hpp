// One term's postings in one shard, and where they lie in the shard's file:
//
//     fewer than 128 postings                whole blocks, and a tail
//     +-----------------------+              +------------------------------+---------+-----+---------+------+
//     | tail                  |              | a summary for each block and | block 0 | ... | block n | tail |
//     +-----------------------+              | for the tail, 8 bytes each   |         |     |         |      |
//                                            +------------------------------+---------+-----+---------+------+
//
// Where a list begins, how long it is and of how many passages is in the dictionary.
#pragma once

#include "retrieval/index/checked_file.hpp"
#include "retrieval/index/postings_block.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

inline constexpr std::string_view kPostingsMarker = "SCXpost1";

struct ListPlace {
  std::uint64_t offset = 0; ///< in the shard's file
  std::uint64_t bytes = 0;
  std::uint32_t passages = 0; ///< 0: the term is not in this shard
  bool operator==(const ListPlace&) const = default;
};

/// A list in a file: its summaries, and where its blocks are. Copied freely; the file must outlive it.
class PostingsList {
public:
  /// Checks the summaries: throws PackageError if they contradict `place` or the number of passages in the shard.
  PostingsList(const CheckedFile& file, const ListPlace& place, std::uint32_t shard_passages);

  /// With the tail. A list without whole blocks is one tail, without a summary.
  std::size_t blocks() const noexcept { return blocks_; }
  bool is_short() const noexcept { return place_.passages < kBlockPostings; }
  std::size_t postings_in(std::size_t block) const {
    return block + 1 < blocks_ ? kBlockPostings : place_.passages - (blocks_ - 1) * kBlockPostings;
  }
  /// Of a list that is not short.
  BlockSummary summary(std::size_t block) const { return load_summary(summaries_ + block * kSummaryBytes); }
  /// Where the first block begins, in the file.
  std::uint64_t first_block() const noexcept { return place_.offset + (is_short() ? 0 : blocks_ * kSummaryBytes); }
  /// The bytes of a block that begins at `offset` in the file, checked. At least kReadBeyond bytes follow them.
  std::span<const std::byte> bytes(std::uint64_t offset, std::uint64_t size) const { return file_->read(offset, size); }

  /// All postings of a short list. Throws PackageError.
  void read_short(std::span<Posting> postings) const;

  const ListPlace& place() const noexcept { return place_; }
  const CheckedFile& file() const noexcept { return *file_; }
  /// Throws PackageError: the postings in this block contradict themselves, though its checksum matches.
  [[noreturn]] void fail(std::size_t block) const;

private:
  const CheckedFile* file_;
  ListPlace place_;
  std::uint32_t shard_passages_;
  std::size_t blocks_ = 0;
  const std::byte* summaries_ = nullptr;
};

/// All postings of a list, by the reference decoder. Throws PackageError.
std::vector<Posting> read_list(const CheckedFile& file, const ListPlace& place, std::uint32_t shard_passages);

} // namespace sciexam::inline retrieval
