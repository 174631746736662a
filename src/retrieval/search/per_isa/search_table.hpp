// The kernels, for the instruction set that this file is compiled for. Everything is in an unnamed namespace, and no
// standard header with inline functions may be included (kernels/per_isa/vectors.hpp says why).
#pragma once

#include "retrieval/search/search_kernels.hpp"

#include <cstdint>

#include <immintrin.h>

namespace sciexam::inline retrieval {
namespace per_isa {
namespace {

constexpr int kPostings = 128, kGroup = 8;

/// With up to so many bits a number lies in four bytes, wherever it begins in the first.
constexpr int kMostBitsInFourBytes = 25;

/// How eight packed numbers come apart: which four bytes each has its bits in (four numbers from where the first
/// begins, four from where the fifth does, to the byte), and how far right they are shifted there.
struct Spread {
  unsigned char bytes[32];
  std::uint32_t shifts[8];
};
struct Spreads {
  Spread of_bits[kMostBitsInFourBytes + 1];
};

constexpr Spreads make_spreads() {
  Spreads all = {};
  for (int bits = 0; bits <= kMostBitsInFourBytes; ++bits)
    for (int i = 0; i < kGroup; ++i) {
      const int bit = i < 4 ? i * bits : i * bits - 4 * bits / 8 * 8;
      for (int byte = 0; byte < 4; ++byte)
        all.of_bits[bits].bytes[4 * i + byte] = static_cast<unsigned char>(bit / 8 + byte);
      all.of_bits[bits].shifts[i] = static_cast<std::uint32_t>(bit % 8);
    }
  return all;
}
constexpr Spreads kSpreads = make_spreads();

inline __m128i load_16(const unsigned char* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline __m256i load_8(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store_8(void* to, __m256i x) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), x);
}

inline void unpack_wide(const unsigned char* packed, int bits, std::uint32_t* numbers) {
  for (int i = 0; i < kPostings; ++i) {
    const int bit = i * bits;
    std::uint64_t word = 0;
    __builtin_memcpy(&word, packed + bit / 8, sizeof word);
    numbers[i] = static_cast<std::uint32_t>(word >> bit % 8 & ((std::uint64_t{1} << bits) - 1));
  }
}

#ifdef __AVX512F__

/// Sixteen numbers at a time: eight, and the eight behind them, which begin `bits` bytes later.
void unpack(const unsigned char* packed, int bits, std::uint32_t* numbers) {
  if (bits > kMostBitsInFourBytes)
    return unpack_wide(packed, bits, numbers);
  const Spread& spread = kSpreads.of_bits[bits];
  const __m512i bytes = _mm512_broadcast_i64x4(load_8(spread.bytes)),
                shifts = _mm512_broadcast_i64x4(load_8(spread.shifts)), mask = _mm512_set1_epi32((1 << bits) - 1);
  for (int i = 0; i < kPostings; i += 2 * kGroup, packed += 2 * bits) {
    __m512i parts = _mm512_castsi128_si512(load_16(packed));
    parts = _mm512_mask_broadcast_i32x4(parts, 0x00F0, load_16(packed + bits / 2));
    parts = _mm512_mask_broadcast_i32x4(parts, 0x0F00, load_16(packed + bits));
    parts = _mm512_mask_broadcast_i32x4(parts, 0xF000, load_16(packed + bits + bits / 2));
    const __m512i apart = _mm512_srlv_epi32(_mm512_shuffle_epi8(parts, bytes), shifts);
    _mm512_storeu_si512(numbers + i, _mm512_and_si512(apart, mask));
  }
}

std::uint32_t sum_gaps(std::uint32_t* gaps, std::uint32_t before) {
  __m512i last = _mm512_set1_epi32(static_cast<int>(before)), any = _mm512_setzero_si512();
  const __m512i zero = any, one = _mm512_set1_epi32(1), fifteenth = _mm512_set1_epi32(15);
  for (int i = 0; i < kPostings; i += 16) {
    const __m512i gap = _mm512_loadu_si512(gaps + i);
    any = _mm512_or_si512(any, gap);
    __m512i x = _mm512_add_epi32(gap, one); // each lane and the one, two, four and eight before it
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
    const __m512i sums = _mm512_add_epi32(x, last);
    _mm512_storeu_si512(gaps + i, sums);
    last = _mm512_permutexvar_epi32(fifteenth, sums);
  }
  std::uint32_t parts[16], joined = 0;
  _mm512_storeu_si512(parts, any);
  for (const std::uint32_t part : parts)
    joined |= part;
  return joined;
}

#else

void unpack(const unsigned char* packed, int bits, std::uint32_t* numbers) {
  if (bits > kMostBitsInFourBytes)
    return unpack_wide(packed, bits, numbers);
  const Spread& spread = kSpreads.of_bits[bits];
  const __m256i bytes = load_8(spread.bytes), shifts = load_8(spread.shifts);
  const __m256i mask = _mm256_set1_epi32((1 << bits) - 1);
  for (int group = 0; group < kPostings / kGroup; ++group, packed += bits) {
    const __m256i both =
        _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(packed)), load_16(packed + bits / 2), 1);
    const __m256i apart = _mm256_srlv_epi32(_mm256_shuffle_epi8(both, bytes), shifts);
    store_8(numbers + group * kGroup, _mm256_and_si256(apart, mask));
  }
}

std::uint32_t sum_gaps(std::uint32_t* gaps, std::uint32_t before) {
  __m256i last = _mm256_set1_epi32(static_cast<int>(before)), any = _mm256_setzero_si256();
  const __m256i one = _mm256_set1_epi32(1), seventh = _mm256_set1_epi32(7);
  for (int i = 0; i < kPostings; i += kGroup) {
    const __m256i gap = load_8(gaps + i);
    any = _mm256_or_si256(any, gap);
    __m256i x = _mm256_add_epi32(gap, one);
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));            // sums of each half
    const __m256i lower = _mm256_permute2x128_si256(x, x, 0x08); // the lower half, above; zeros below
    x = _mm256_add_epi32(x, _mm256_shuffle_epi32(lower, 0xFF));
    x = _mm256_add_epi32(x, last);
    store_8(gaps + i, x);
    last = _mm256_permutevar8x32_epi32(x, seventh);
  }
  std::uint32_t parts[kGroup], joined = 0;
  store_8(parts, any);
  for (const std::uint32_t part : parts)
    joined |= part;
  return joined;
}

#endif

#ifdef __AVX512F__

void score(const ScoredPostings& call) {
  const __m512 weight = _mm512_set1_ps(call.weight), base = _mm512_set1_ps(call.norm_base),
               slope = _mm512_set1_ps(call.norm_slope), one = _mm512_set1_ps(1);
  const __m512i low_half = _mm512_set1_epi32(0xFFFF);
  for (int i = 0; i < kPostings; i += 16) {
    const __m512i passages = _mm512_loadu_si512(call.passages + i);
    const __m512i lengths = _mm512_and_si512(_mm512_i32gather_epi32(passages, call.lengths, 2), low_half);
    const __m512 norm = _mm512_fmadd_ps(_mm512_cvtepi32_ps(lengths), slope, base);
    const __m512 frequency = _mm512_add_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(call.frequencies + i)), one);
    const __m512 part = _mm512_div_ps(frequency, _mm512_add_ps(frequency, norm));
    _mm512_storeu_si512(call.impacts + i, _mm512_cvtps_epi32(_mm512_mul_ps(weight, part)));
  }
}

#else

void score(const ScoredPostings& call) {
  const __m256 weight = _mm256_set1_ps(call.weight), base = _mm256_set1_ps(call.norm_base),
               slope = _mm256_set1_ps(call.norm_slope), one = _mm256_set1_ps(1);
  const __m256i low_half = _mm256_set1_epi32(0xFFFF);
  for (int i = 0; i < kPostings; i += 8) {
    const __m256i passages = load_8(call.passages + i);
    const __m256i lengths =
        _mm256_and_si256(_mm256_i32gather_epi32(reinterpret_cast<const int*>(call.lengths), passages, 2), low_half);
    const __m256 norm = _mm256_fmadd_ps(_mm256_cvtepi32_ps(lengths), slope, base);
    const __m256 frequency = _mm256_add_ps(_mm256_cvtepi32_ps(load_8(call.frequencies + i)), one);
    const __m256 part = _mm256_div_ps(frequency, _mm256_add_ps(frequency, norm));
    store_8(call.impacts + i, _mm256_cvtps_epi32(_mm256_mul_ps(weight, part)));
  }
}

#endif

/// Calls add(place, impact) for each posting, and notes the place where that is asked for.
template <class Add>
inline void for_each_posting(const AddedPostings& call, const Add& add) {
  // Copies: a sum could be any of the call's numbers, as far as the compiler knows.
  const std::uint32_t* const passages = call.passages;
  const std::int32_t* const impacts = call.impacts;
  const std::int64_t count = call.count;
  const std::uint32_t begin = call.window_begin;
  std::uint64_t* const touched = call.touched;
  if (touched == nullptr) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < count; ++i)
      add(passages[i] - begin, impacts[i]);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t place = passages[i] - begin;
    add(place, impacts[i]);
    touched[place / 64] |= std::uint64_t{1} << place % 64;
  }
}

void add_to_one(const AddedPostings& call) {
  const std::int32_t weight = *call.weights;
  std::int32_t* const sums = call.sums;
  if (weight == 1) // most
    for_each_posting(call, [=](std::uint32_t place, std::int32_t impact) { sums[place] += impact; });
  else
    for_each_posting(call, [=](std::uint32_t place, std::int32_t impact) { sums[place] += weight * impact; });
}

void add_to_eight(const AddedPostings& call) {
  const __m256i weights = load_8(call.weights);
  std::int32_t* const sums = call.sums;
  for_each_posting(call, [=](std::uint32_t place, std::int32_t impact) {
    std::int32_t* const row = sums + std::int64_t{kGroup} * place;
    store_8(row, _mm256_add_epi32(load_8(row), _mm256_mullo_epi32(_mm256_set1_epi32(impact), weights)));
  });
}

#ifdef __AVX512F__

std::int64_t scan_one(const std::int32_t* sums, std::int64_t passages, const std::int32_t* limits,
                      std::uint32_t* places) {
  const __m512i limit = _mm512_set1_epi32(*limits), step = _mm512_set1_epi32(16);
  __m512i here = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < passages; i += 16, here = _mm512_add_epi32(here, step)) {
    const __mmask16 above = _mm512_cmpgt_epi32_mask(_mm512_loadu_si512(sums + i), limit);
    _mm512_storeu_si512(places + count, _mm512_maskz_compress_epi32(above, here));
    count += __builtin_popcount(above);
  }
  return count;
}

#else

/// For each set of eight lanes: which they are, the first ones first.
struct Compressions {
  unsigned char lanes[256][kGroup];
};
constexpr Compressions make_compressions() {
  Compressions all = {};
  for (int set = 0; set < 256; ++set)
    for (int lane = 0, count = 0; lane < kGroup; ++lane)
      if ((set >> lane & 1) != 0)
        all.lanes[set][count++] = static_cast<unsigned char>(lane);
  return all;
}
constexpr Compressions kCompressions = make_compressions();

std::int64_t scan_one(const std::int32_t* sums, std::int64_t passages, const std::int32_t* limits,
                      std::uint32_t* places) {
  const __m256i limit = _mm256_set1_epi32(*limits);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < passages; i += kGroup) {
    const __m256i above = _mm256_cmpgt_epi32(load_8(sums + i), limit);
    const int set = _mm256_movemask_ps(_mm256_castsi256_ps(above));
    const __m128i lanes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kCompressions.lanes[set]));
    store_8(places + count, _mm256_add_epi32(_mm256_cvtepu8_epi32(lanes), _mm256_set1_epi32(static_cast<int>(i))));
    count += __builtin_popcount(static_cast<unsigned>(set));
  }
  return count;
}

#endif

std::int64_t scan_eight(const std::int32_t* sums, std::int64_t passages, const std::int32_t* limits,
                        std::uint32_t* places) {
  const __m256i limit = load_8(limits);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < passages; ++i) {
    const __m256i above = _mm256_cmpgt_epi32(load_8(sums + i * kGroup), limit);
    places[count] = static_cast<std::uint32_t>(i);
    count += _mm256_testz_si256(above, above) == 0 ? 1 : 0;
  }
  return count;
}

constexpr SearchKernels kSearchTable = {
#ifdef __AVX512F__
    "AVX-512",
#else
    "AVX2",
#endif
    &unpack,   &sum_gaps, &score, &add_to_one, &add_to_eight, &scan_one, &scan_eight};

} // namespace
} // namespace per_isa
} // namespace sciexam::inline retrieval
