// The words in which kernels are written, for the instruction set that this file is compiled for. Included by
// avx2.cpp and avx512.cpp alone (and once by a test): everything is in an unnamed namespace, and no standard header
// with inline functions may be included beside it, or the linker might take AVX-512 copies of them for the whole
// program.
#pragma once

#include <cstdint>

#include <immintrin.h>

namespace sciexam::per_isa {
namespace {

#ifdef SCIEXAM_EMULATE_WIDE_VECTORS // for tests on CPUs without AVX-512: the same tiles

using Vector = float __attribute__((vector_size(64)));
using Integers = std::int32_t __attribute__((vector_size(64)));
constexpr std::int64_t kLanes = 16;
constexpr int kTileRows = 14;

inline Vector multiply_add(Vector a, Vector b, Vector c) {
  return a * b + c;
}
inline Vector greater(Vector a, Vector b) {
  return a > b ? a : b;
}
inline Vector less(Vector a, Vector b) {
  return a < b ? a : b;
}
inline Vector nearest(Vector x) {
  for (std::int64_t i = 0; i < kLanes; ++i)
    x[i] = __builtin_nearbyintf(x[i]);
  return x;
}
inline Vector power_of_two(Vector n) {
  const Integers bits = (__builtin_convertvector(n, Integers) + 127) << 23;
  Vector x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
inline Vector load_half(const std::uint16_t* from) {
  Integers halves;
  for (std::int64_t i = 0; i < kLanes; ++i)
    halves[i] = from[i];
  const Integers size = (halves & 0x7FFF) << 13, sign = (halves & 0x8000) << 16;
  Vector x;
  __builtin_memcpy(&x, &size, sizeof x);
  x *= 0x1p112F; // the exponents' biases are 15 and 127
  Integers bits;
  __builtin_memcpy(&bits, &x, sizeof x);
  bits |= sign;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
inline float sum(Vector x) {
  float total = 0;
  for (std::int64_t i = 0; i < kLanes; ++i)
    total += x[i];
  return total;
}

#elif defined(__AVX512F__)

using Vector = __m512;
constexpr std::int64_t kLanes = 16;
constexpr int kTileRows = 14; // times two vectors: 28 of 32 registers

inline Vector multiply_add(Vector a, Vector b, Vector c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Vector greater(Vector a, Vector b) {
  return _mm512_max_ps(a, b);
}
inline Vector less(Vector a, Vector b) {
  return _mm512_min_ps(a, b);
}
inline Vector nearest(Vector x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// 2^n for whole n in -126 .. 127.
inline Vector power_of_two(Vector n) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
inline Vector load_half(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
inline float sum(Vector x) {
  return _mm512_reduce_add_ps(x);
}

#else

using Vector = __m256;
constexpr std::int64_t kLanes = 8;
constexpr int kTileRows = 6; // times two vectors: 12 of 16 registers

inline Vector multiply_add(Vector a, Vector b, Vector c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vector greater(Vector a, Vector b) {
  return _mm256_max_ps(a, b);
}
inline Vector less(Vector a, Vector b) {
  return _mm256_min_ps(a, b);
}
inline Vector nearest(Vector x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// 2^n for whole n in -126 .. 127.
inline Vector power_of_two(Vector n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
inline Vector load_half(const std::uint16_t* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline float sum(Vector x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#endif

inline Vector zero() {
  return Vector{};
}
inline Vector all(float x) {
  return x - Vector{}; // not plus: 0 + x is not x where x is -0, so that the compiler would really add
}
inline Vector load(const float* from) {
  Vector x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
inline void store(float* to, Vector x) {
  __builtin_memcpy(to, &x, sizeof x);
}
inline Vector add(Vector a, Vector b) {
  return a + b;
}
inline Vector subtract(Vector a, Vector b) {
  return a - b;
}
inline Vector multiply(Vector a, Vector b) {
  return a * b;
}
inline Vector divide(Vector a, Vector b) {
  return a / b;
}

/// What a tile and a panel of packed weights are wide.
constexpr std::int64_t kPanelColumns = 2 * kLanes;

constexpr std::int64_t round_up(std::int64_t x, std::int64_t step) {
  return (x + step - 1) / step * step;
}
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

} // namespace
} // namespace sciexam::per_isa
