// The inner loops of a search, for one instruction set. One source (per_isa/) is compiled once for each. They use
// integers and single float operations alone, each rounded as IEEE 754 says, so that all have the same bits.
#pragma once

#include <cstdint>

namespace sciexam::inline retrieval {

/// What BM25 makes of 128 postings of one term (bm25.hpp).
struct ScoredPostings {
  const std::uint32_t* passages = nullptr;    ///< [128] within the shard
  const std::uint32_t* frequencies = nullptr; ///< [128], less 1
  const unsigned char* lengths = nullptr;     ///< of the shard's passages, 2 bytes each; 4 bytes are read of each
  float weight = 0;                           ///< idf, in units
  float norm_base = 0, norm_slope = 0;        ///< norm = base + slope * length
  std::int32_t* impacts = nullptr;            ///< [128]: the result, in units
};

/// Postings of one term that go into a window's sums.
struct AddedPostings {
  const std::uint32_t* passages = nullptr; ///< [count], within the window
  const std::int32_t* impacts = nullptr;   ///< [count]
  std::int64_t count = 0;
  std::uint32_t window_begin = 0;
  const std::int32_t* weights = nullptr; ///< [width] of the term in each query
  std::int32_t* sums = nullptr;          ///< [passages of the window, width]
  std::uint64_t* touched = nullptr;      ///< a bit for each passage of the window; null: not noted
};

struct SearchKernels {
  const char* name;
  /// 128 numbers of `bits` bits (0 to 32) each. Reads up to 32 bytes beyond them.
  void (*unpack)(const unsigned char* packed, int bits, std::uint32_t* numbers);
  /// Gaps less 1 become passages, in place: [128], the first one's gap is from `before`. Returns all bits that any of
  /// the gaps has: if it is below 2^24, no sum can have overflowed.
  std::uint32_t (*sum_gaps)(std::uint32_t* gaps, std::uint32_t before);
  void (*score)(const ScoredPostings& call);
  /// sums[passage] += weight * impact, for one query.
  void (*add_to_one)(const AddedPostings& call);
  /// The same for eight queries at once.
  void (*add_to_eight)(const AddedPostings& call);
  /// The places of a window's passages whose sum is above the limit, in order. Returns how many. `passages` is a
  /// multiple of 16; there is room for so many places and 16 more.
  std::int64_t (*scan_one)(const std::int32_t* sums, std::int64_t passages, const std::int32_t* limits,
                           std::uint32_t* places);
  /// The same where any of eight sums is above its limit.
  std::int64_t (*scan_eight)(const std::int32_t* sums, std::int64_t passages, const std::int32_t* limits,
                             std::uint32_t* places);
};

/// Those of chosen_isa() (kernels/isa.hpp): what AVX-512 has more than AVX-512 F, VL, DQ and BW is of no use here.
const SearchKernels& search_kernels();

namespace per_isa {
extern const SearchKernels kAvx2Search, kAvx512Search;
}

} // namespace sciexam::inline retrieval
