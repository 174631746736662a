// The vocabulary of the kernels, for the instruction set that this file is compiled for. Included only by this
// folder's sources (and by tests): everything is in an unnamed namespace, and no standard header with inline
// functions may be included with it, or the linker might take AVX-512 copies of them for the whole program.
#pragma once

#include "kernels/kernel_table.hpp"

#include <cstdint>

#include <immintrin.h>

namespace sciexam::inline kernels::per_isa {
namespace {

#ifdef __AVX512F__

using Vector = __m512;
using Integers = std::int32_t __attribute__((vector_size(64)));
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
inline Vector load_half(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
inline float sum(Vector x) {
  return _mm512_reduce_add_ps(x);
}
/// x 2^n for whole n.
inline Vector scaled_by_power(Vector x, Vector n) {
  return _mm512_scalef_ps(x, n);
}
#ifdef __AVX512VNNI__
constexpr int kInt8Parts = 1;
template <int>
inline Integers part_of(Integers columns) {
  return columns;
}
inline Integers add_products(Integers a, Integers b, Integers c) {
  return reinterpret_cast<Integers>(
      _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(c), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
inline Integers add_short_products(Integers a, Integers b, Integers c) {
  return reinterpret_cast<Integers>(
      _mm512_dpwssd_epi32(reinterpret_cast<__m512i>(c), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
#else
constexpr int kInt8Parts = 2;
template <int kPart>
inline Integers part_of(Integers columns) {
  const auto bytes = reinterpret_cast<__m512i>(columns);
  return reinterpret_cast<Integers>(_mm512_srai_epi16(kPart == 0 ? _mm512_slli_epi16(bytes, 8) : bytes, 8));
}
inline Integers add_short_products(Integers a, Integers b, Integers c) {
  c += reinterpret_cast<Integers>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
  asm("" : "+v"(c)); // add now: deferred products would not fit into the registers
  return c;
}
#endif

#else

using Vector = __m256;
using Integers = std::int32_t __attribute__((vector_size(32)));
constexpr std::int64_t kLanes = 8;
constexpr int kTileRows = 6; // times two vectors: 12 of 16 registers
constexpr int kInt8Parts = 2;

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
inline Vector load_half(const std::uint16_t* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline float sum(Vector x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
template <int kPart>
inline Integers part_of(Integers columns) {
  const auto bytes = reinterpret_cast<__m256i>(columns);
  return reinterpret_cast<Integers>(_mm256_srai_epi16(kPart == 0 ? _mm256_slli_epi16(bytes, 8) : bytes, 8));
}
inline Integers add_short_products(Integers a, Integers b, Integers c) {
  c += reinterpret_cast<Integers>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  asm("" : "+x"(c)); // add now: deferred products would not fit into the registers
  return c;
}

#endif

inline Vector zero() {
  return Vector{};
}
inline Vector all(float x) {
  return x - Vector{}; // not plus: 0 + x is not x where x is -0, so the compiler would emit an addition
}
inline Vector load(const float* from) {
  Vector x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
/// The first `count` floats if a vector has more; zeros follow.
inline Vector load_some(const float* from, std::int64_t count) {
  if (count >= kLanes)
    return load(from);
  float some[kLanes] = {};
  for (std::int64_t i = 0; i < count; ++i)
    some[i] = from[i];
  return load(some);
}
inline void store(float* to, Vector x) {
  __builtin_memcpy(to, &x, sizeof x);
}
inline Integers all_integers(std::int32_t x) {
  return x + Integers{};
}
inline Vector all_of(const float* x) {
  return all(*x);
}
inline Integers all_of(const std::int32_t* x) {
  return all_integers(*x);
}
inline Integers load_integers(const void* from) {
  Integers x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
inline Integers load(const std::int32_t* from) {
  return load_integers(from);
}
inline void store_integers(void* to, Integers x) {
  __builtin_memcpy(to, &x, sizeof x);
}
inline Vector to_floats(Integers x) {
  return __builtin_convertvector(x, Vector);
}
inline Integers to_integers(Vector x) {
  return __builtin_convertvector(x, Integers);
}
inline Integers bits_of(Vector x) {
  return reinterpret_cast<Integers>(x);
}
/// 2^n for whole n in -126 .. 127.
inline Vector power_of_two(Vector n) {
  return reinterpret_cast<Vector>((to_integers(n) + 127) << 23);
}
#ifndef __AVX512F__
/// x 2^n for whole n up to 127; for n below -126 as if it were that. A NaN among n becomes one.
inline Vector scaled_by_power(Vector x, Vector n) {
  return x * power_of_two(greater(all(-126), n));
}
#endif
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

// Products of 16-bit integers. An element of Integers holds two factors; their products are added exactly.
//
// int8 products. An element of Integers holds four factors: 0 .. 255 of rows, -128 .. 127 of columns. Where the CPU has
// no instruction for them, they are multiplied as 16-bit numbers in two parts: bytes 0 and 2, and bytes 1 and 3 (those
// of rows are already apart in memory, see round_to_int8()). part_of<p>(columns) is part p of kInt8Parts;
// add_products(rows, columns, sums) adds the products of the two parts. All sums are exact.

#ifndef __AVX512VNNI__
inline Integers add_products(Integers a, Integers b, Integers c) {
  return add_short_products(a, b, c);
}
#endif

/// A value that a lambda takes as a template parameter.
template <auto>
struct Constant {};

// bf16 products. An element of Integers holds two factors, the second feature's in its upper half.

/// As bf16, rounded to the nearest, ties to even; a NaN stays one. In the lower halves.
inline Integers to_bf16(Vector x) {
  using Words = std::uint32_t __attribute__((vector_size(4 * kLanes))); // a NaN's sum may overflow
  const Words bits = reinterpret_cast<Words>(x), rounded = bits + 0x7FFF + (bits >> 16 & 1);
  return reinterpret_cast<Integers>(x == x ? rounded : bits | 0x400000) >> 16;
}

#ifdef __AVX512BF16__
inline Vector add_products(Integers a, Integers b, Vector c) {
  return _mm512_dpbf16_ps(c, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}
#else
/// Denormals become zero.
inline Vector flushed(Integers bits) {
  return reinterpret_cast<Vector>((bits & 0x7F800000) == 0 ? bits & all_integers(INT32_MIN) : bits);
}
/// What that instruction computes (Intel's manual, volume 2, VDPBF16PS): the upper halves' product is added first, then
/// the lower halves', each sum is rounded once, and denormals are zero before and after.
inline Vector add_products(Integers a, Integers b, Vector c) {
  const Integers upper = all_integers(-(1 << 16));
  const Vector sum = multiply_add(flushed(a & upper), flushed(b & upper), flushed(bits_of(c)));
  return flushed(bits_of(multiply_add(flushed(a << 16), flushed(b << 16), flushed(bits_of(sum)))));
}
#endif
/// The same for floats.
inline Vector add_products(Vector a, Vector b, Vector c) {
  return multiply_add(a, b, c);
}

/// Width of a tile and of a panel of packed weights.
constexpr std::int64_t kPanelColumns = 2 * kLanes;
/// Elements of rows at once, 32 bits each: those of a chunk of rows stay in the second-level cache, which is larger on
/// CPUs with AVX-512. (Measured on Zen 3: 512 is 5 % faster than 256, with which a panel of weights would stay in the
/// first-level cache; on Emerald Rapids: 1024 with 98 rows is 4 to 8 % faster than 512 with 182.)
constexpr std::int64_t kDepth = kLanes == 16 ? 1024 : 512;
constexpr std::int64_t round_up(std::int64_t x, std::int64_t step) {
  return (x + step - 1) / step * step;
}
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

/// Rows that a worker should multiply at once, enough to make reading the weights cheap compared with the product. The
/// matrix unit's products take less time and need more. (Measured on Emerald Rapids: 98 and 196 are equally fast.)
constexpr RowChunks kExact = {kTileRows, kLanes == 16 ? 140 : 192};
#ifdef __AMX_TILE__
constexpr RowChunks kRounded = {32, 256};
#else
constexpr RowChunks kRounded = kExact;
#endif
static_assert(kExact.most % kExact.tile == 0 && kRounded.most % kRounded.tile == 0);

} // namespace
} // namespace sciexam::inline kernels::per_isa
