// The dictionary: every term of the index in the order of its bytes, with where its postings are in each shard.
//
//     +--------+---------+---------+-----+-----------------+------------------+---------------------------+
//     | marker | block 0 | block 1 | ... | fences          | blocks' offsets  | terms, blocks, shards     |
//     |        |         |         |     | 8 bytes a block | 8 bytes a block, | 8 bytes each              |
//     |        |         |         |     |                 | and the end's    |                           |
//     +--------+---------+---------+-----+-----------------+------------------+---------------------------+
//
// A fence is the first eight bytes of a block's first term as a big-endian number, so that fences compare as terms do:
// a search touches the fences and then mostly one block. A block is of 16 terms, front-coded (Witten, Moffat and Bell
// 1999, section 4.1):
//
//     for each shard: varint of where the lists of the block's terms begin in the shard's file;
//     for each term: varints of the bytes shared with the term before and of those that follow, these bytes, a varint
//     with a bit for each shard that has the term, and for each of them varints of its passages and its list's bytes.
//
// A block's terms' lists lie side by side in each shard's file.
#pragma once

#include "retrieval/index/checked_file.hpp"
#include "retrieval/index/postings_list.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

inline constexpr std::string_view kTermsMarker = "SCXterm1";
inline constexpr std::size_t kBlockTerms = 16;
inline constexpr std::size_t kMostTermBytes = 4096;
inline constexpr std::size_t kMostShards = 16;

struct TermRecord {
  std::uint64_t document_frequency = 0; ///< passages with the term, in all shards
  std::vector<ListPlace> lists;         ///< [shards]
};

/// A block's fence. Terms in order have fences in order; different terms may have the same one.
std::uint64_t term_fence(std::string_view term);

/// Reads a dictionary where it lies. All functions throw PackageError if what they touch is damaged. Several threads
/// may read at once.
class TermDictionary {
public:
  TermDictionary(CheckedFile file, std::size_t shards);

  std::optional<TermRecord> find(std::string_view term) const;
  /// Every term, in order.
  void for_each(const std::function<void(std::string_view term, const TermRecord& record)>& call) const;
  std::uint64_t terms() const noexcept { return terms_; }

private:
  using Visit = std::function<bool(std::string_view term, const TermRecord& record)>;
  std::uint64_t number_at(std::uint64_t offset) const;
  std::uint64_t fence(std::uint64_t block) const { return number_at(fences_ + 8 * block); }
  std::string_view first_term(std::uint64_t block) const;
  std::span<const std::byte> block_bytes(std::uint64_t block) const;
  bool read_block(std::uint64_t block, const Visit& visit) const;

  CheckedFile file_;
  std::size_t shards_;
  std::uint64_t terms_ = 0, blocks_ = 0, fences_ = 0, offsets_ = 0;
};

} // namespace sciexam::inline retrieval
