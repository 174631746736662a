// per_isa/avx512.cpp on SIMDe: its branches are tested on every CPU.
#include "kernels/avx512_in_software.hpp"

// What SIMDe lacks, in 0.7 at least.
namespace {

template <int kLanes>
inline __m512i shift_in(__m512i high, __m512i low) {
  std::int32_t lanes[32];
  __builtin_memcpy(lanes, &low, sizeof low);
  __builtin_memcpy(lanes + 16, &high, sizeof high);
  __m512i x;
  __builtin_memcpy(&x, lanes + kLanes, sizeof x);
  return x;
}

inline __m512i gather_by_two_bytes(__m512i places, const unsigned char* from) {
  std::int32_t lanes[16];
  __builtin_memcpy(lanes, &places, sizeof places);
  for (std::int32_t& lane : lanes)
    __builtin_memcpy(&lane, from + std::int64_t{2} * lane, sizeof lane);
  __m512i x;
  __builtin_memcpy(&x, lanes, sizeof x);
  return x;
}

inline __m512 to_floats(__m512i x) {
  __m256i halves[2];
  __builtin_memcpy(halves, &x, sizeof x);
  const __m256 floats[] = {_mm256_cvtepi32_ps(halves[0]), _mm256_cvtepi32_ps(halves[1])};
  __m512 y;
  __builtin_memcpy(&y, floats, sizeof y);
  return y;
}

inline __m512i to_integers(__m512 x) {
  __m256 halves[2];
  __builtin_memcpy(halves, &x, sizeof x);
  const __m256i integers[] = {_mm256_cvtps_epi32(halves[0]), _mm256_cvtps_epi32(halves[1])};
  __m512i y;
  __builtin_memcpy(&y, integers, sizeof y);
  return y;
}

} // namespace

#undef _mm512_alignr_epi32
#define _mm512_alignr_epi32(high, low, lanes) shift_in<lanes>(high, low)
#undef _mm512_i32gather_epi32
#define _mm512_i32gather_epi32(places, from, scale) gather_by_two_bytes(places, from)
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps(x) to_floats(x)
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32(x) to_integers(x)

#include "retrieval/search/per_isa/search_table.hpp"

namespace sciexam::test {

extern const SearchKernels kSoftwareAvx512Search; // declared in searcher_test.cpp
const SearchKernels kSoftwareAvx512Search = per_isa::kSearchTable;

} // namespace sciexam::test
