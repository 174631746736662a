// A walk through one term's postings in one shard: whole blocks at a time where many are wanted, one posting where few
// are, and past blocks that are not wanted without decoding them.
#pragma once

#include "retrieval/index/passage_index.hpp"
#include "retrieval/search/bm25.hpp"
#include "retrieval/search/search_kernels.hpp"

#include <array>
#include <cstdint>

namespace sciexam::inline retrieval {

inline constexpr std::uint32_t kNoPassage = UINT32_MAX;

/// Every function throws PackageError where a block that it decodes is damaged. Positions only go forward.
class ListCursor {
public:
  /// `place` has passages. `shard`, and `kernels`, must outlive this.
  ListCursor(const Shard& shard, const ListPlace& place, const TermScore& score, const SearchKernels& kernels);

  bool at_end() const noexcept { return block_ == list_.blocks(); }
  /// Passes over the blocks that end before `passage`.
  void skip_blocks(std::uint32_t passage);
  /// Goes to the first posting that is not before `passage`, and returns its passage; kNoPassage at the end.
  std::uint32_t seek(std::uint32_t passage);
  /// What this term scores if `passage` has it: goes there. `wanted`: what the share must exceed for it to matter; a
  /// block that cannot is not decoded, and 0 is returned.
  std::int32_t impact_of(std::uint32_t passage, std::int32_t wanted);
  /// How often `passage` has the term: goes there.
  std::uint32_t frequency_of(std::uint32_t passage);
  /// The most that a posting before `end` can have from here on, by the blocks' summaries.
  std::int32_t bound_before(std::uint32_t end) const;

  /// Adds every posting from where seek() went to before `end` to a window's sums: `call` has weights, sums, touched
  /// and where the window begins; `add` is one of the kernels' functions.
  void add_before(std::uint32_t end, AddedPostings call, void (*add)(const AddedPostings&));

private:
  using Numbers = std::array<std::uint32_t, kBlockPostings>;
  void enter_block();
  void next_block();
  void read_short();
  void decode_passages();
  void decode_frequencies();
  void decode_impacts();
  void decode_tail(std::span<const std::byte> bytes);
  std::int32_t bound_of(std::size_t block) const;

  PostingsList list_;
  const SearchKernels* kernels_;
  const std::byte* lengths_;
  TermScore score_;
  std::int32_t short_bound_ = 0; // of a list without summaries

  std::size_t block_ = 0;
  std::uint64_t offset_ = 0; // of the block in the file
  BlockSummary summary_;
  std::uint32_t before_ = UINT32_MAX; // the passage before the block
  std::size_t count_ = 0, position_ = 0;
  bool has_passages_ = false, has_frequencies_ = false, has_impacts_ = false;
  BlockLayout layout_;
  alignas(64) Numbers passages_ = {}, frequencies_ = {}; // frequencies less 1
  alignas(64) std::array<std::int32_t, kBlockPostings> impacts_ = {};
};

} // namespace sciexam::inline retrieval
