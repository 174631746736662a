// Blocks of postings: 128 of a term's passages, in ascending order, with how often each has the term.
//
// A whole block is patched bit packing (Zukowski et al. 2006; the form of Yan, Ding and Suel 2009, "OptPFD"): most
// numbers fit into the bits that are packed, the few others leave their higher bits to a list behind.
//
//     +---------+------------+---------+------------+----------+-------------+-----------------+----------------+
//     | bits of | gaps with  | bits of | freq. with | gaps - 1 | frequencies | gaps' higher    | frequencies'   |
//     | a gap   | more bits  | a freq. | more bits  | packed   | - 1, packed | bits            | higher bits    |
//     | 1 byte  | 1 byte     | 1 byte  | 1 byte     | 16 B/bit | 16 B/bit    | (place, varint)*| (place, varint)*|
//     +---------+------------+---------+------------+----------+-------------+-----------------+----------------+
//
// A gap is the distance from the passage before; before a list's first passage is -1. `place` is a number's index in
// the block, one byte. The postings behind the last whole block, fewer than 128, are varints: 2 * (gap - 1), plus 1
// where a varint of the frequency less 2 follows.
#pragma once

#include "retrieval/index/bit_packing.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sciexam::inline retrieval {

/// Frequencies and lengths beyond this are stored as this.
inline constexpr std::uint32_t kMostFrequency = 65535;
/// Bytes that may be read behind the end of any block (a vector's loads).
inline constexpr std::size_t kReadBeyond = 32;

struct Posting {
  std::uint32_t passage = 0;   ///< within its shard
  std::uint32_t frequency = 1; ///< 1 to kMostFrequency
  bool operator==(const Posting&) const = default;
};

/// What stands in front of every block, so that blocks can be passed over, and the score of what is in one be bounded
/// for any k1 and b (Ding and Suel 2011).
struct BlockSummary {
  std::uint32_t last_passage = 0;
  std::uint8_t most_frequency = 0; ///< 255: so many or more
  std::uint8_t least_length = 0;   ///< of the block's passages; 255: so long or longer
  std::uint16_t bytes = 0;         ///< of the block
};
inline constexpr std::size_t kSummaryBytes = 8;
BlockSummary load_summary(const std::byte* from);
void append_summary(std::string& out, const BlockSummary& summary);

/// Appends a whole block. `before`: the passage before its first, 2^32 - 1 at the list's begin.
void append_block(std::string& out, std::uint32_t before, std::span<const Posting, kBlockPostings> postings);
/// Appends the varints of fewer postings.
void append_tail(std::string& out, std::uint32_t before, std::span<const Posting> postings);

/// A block's numbers, not yet summed.
struct BlockLayout {
  int gap_bits = 0, frequency_bits = 0;
  const std::byte *gaps = nullptr, *frequencies = nullptr; ///< packed
  /// Higher bits and where they go, for the whole block.
  std::uint32_t gap_patches = 0, frequency_patches = 0;
  const std::byte *patches = nullptr, *end = nullptr;
};

/// Finds the parts of a whole block. False if it contradicts itself.
bool read_layout(std::span<const std::byte> block, BlockLayout& layout);

/// Adds the higher bits to 128 unpacked numbers, reading from `at`, which it moves behind them. False if they
/// contradict themselves.
bool apply_patches(const std::byte*& at, const std::byte* end, std::uint32_t count, int bits,
                   std::span<std::uint32_t, kBlockPostings> numbers);

/// The postings of a block, one by one: the reference for the kernels of search/. `last` is the summary's. False,
/// whatever the bytes are, unless the passages ascend from `before` to `last`, no frequency is beyond kMostFrequency
/// and the block ends where its bytes do.
bool read_block(std::span<const std::byte> block, std::uint32_t before, std::uint32_t last,
                std::span<Posting, kBlockPostings> postings);
/// The same for a tail of `postings.size()` postings, none beyond the passage `most`.
bool read_tail(std::span<const std::byte> block, std::uint32_t before, std::uint32_t most, std::span<Posting> postings);

} // namespace sciexam::inline retrieval
