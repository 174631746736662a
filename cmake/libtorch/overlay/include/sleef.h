// Stands in for the SLEEF library: the vector functions that ATen's kernels
// name, answered by glibc's libmvec (AVX2 "d" and AVX-512 "e" variants, at most
// 4 ULP; the x86-64 vector function ABI gives the names). What libmvec lacks
// goes element by element through libm.
#pragma once

#include <cmath>

#include <immintrin.h>

// What SLEEF's functions have before their return type, and ATen's pointers to them.
#define SLEEF_CONST

#define MVEC_ONE(V, mvec, sleef)                 \
  extern "C" V mvec(V);                          \
  static inline V sleef(V x) { return mvec(x); }
#define MVEC_TWO(V, mvec, sleef)                         \
  extern "C" V mvec(V, V);                               \
  static inline V sleef(V x, V y) { return mvec(x, y); }

#define EACH_ONE(V, T, f, sleef)                              \
  static inline V sleef(V x) {                                \
    alignas(V) T a[sizeof(V) / sizeof(T)];                    \
    __builtin_memcpy(a, &x, sizeof(V));                       \
    for (auto& e : a)                                         \
      e = f(e);                                               \
    __builtin_memcpy(&x, a, sizeof(V));                       \
    return x;                                                 \
  }
#define EACH_TWO(V, T, f, sleef)                              \
  static inline V sleef(V x, V y) {                           \
    alignas(V) T a[sizeof(V) / sizeof(T)], b[sizeof(V) / sizeof(T)]; \
    __builtin_memcpy(a, &x, sizeof(V));                       \
    __builtin_memcpy(b, &y, sizeof(V));                       \
    for (unsigned i = 0; i < sizeof(V) / sizeof(T); ++i)      \
      a[i] = f(a[i], b[i]);                                   \
    __builtin_memcpy(&x, a, sizeof(V));                       \
    return x;                                                 \
  }
#define SINCOS(V, Pair, sin_, cos_, sleef)                    \
  struct Pair {                                               \
    V x, y;                                                   \
  };                                                          \
  static inline Pair sleef(V v) { return {sin_(v), cos_(v)}; }

// W: SLEEF's width tag (f8), M/M2: libmvec's prefixes for one and two
// arguments, S: the type suffix of libmvec's and libm's names (f or nothing).
#define VECTOR_FUNCTIONS(V, T, W, M, M2, S)        \
  MVEC_ONE(V, M##acos##S, Sleef_acos##W##_u10)     \
  MVEC_ONE(V, M##acosh##S, Sleef_acosh##W##_u10)   \
  MVEC_ONE(V, M##asin##S, Sleef_asin##W##_u10)     \
  MVEC_ONE(V, M##asinh##S, Sleef_asinh##W##_u10)   \
  MVEC_ONE(V, M##atan##S, Sleef_atan##W##_u10)     \
  MVEC_ONE(V, M##atanh##S, Sleef_atanh##W##_u10)   \
  MVEC_ONE(V, M##cos##S, Sleef_cos##W##_u10)       \
  MVEC_ONE(V, M##cosh##S, Sleef_cosh##W##_u10)     \
  MVEC_ONE(V, M##erf##S, Sleef_erf##W##_u10)       \
  MVEC_ONE(V, M##erfc##S, Sleef_erfc##W##_u15)     \
  MVEC_ONE(V, M##exp##S, Sleef_exp##W##_u10)       \
  MVEC_ONE(V, M##exp2##S, Sleef_exp2##W##_u10)     \
  MVEC_ONE(V, M##expm1##S, Sleef_expm1##W##_u10)   \
  MVEC_ONE(V, M##log##S, Sleef_log##W##_u10)       \
  MVEC_ONE(V, M##log10##S, Sleef_log10##W##_u10)   \
  MVEC_ONE(V, M##log1p##S, Sleef_log1p##W##_u10)   \
  MVEC_ONE(V, M##log2##S, Sleef_log2##W##_u10)     \
  MVEC_ONE(V, M##sin##S, Sleef_sin##W##_u10)       \
  MVEC_ONE(V, M##sinh##S, Sleef_sinh##W##_u10)     \
  MVEC_ONE(V, M##tan##S, Sleef_tan##W##_u10)       \
  MVEC_ONE(V, M##tanh##S, Sleef_tanh##W##_u10)     \
  MVEC_TWO(V, M2##atan2##S, Sleef_atan2##W##_u10)  \
  MVEC_TWO(V, M2##hypot##S, Sleef_hypot##W##_u05)  \
  MVEC_TWO(V, M2##pow##S, Sleef_pow##W##_u10)      \
  EACH_ONE(V, T, std::lgamma, Sleef_lgamma##W##_u10) \
  EACH_TWO(V, T, std::fmod, Sleef_fmod##W)         \
  EACH_TWO(V, T, std::nextafter, Sleef_nextafter##W) \
  EACH_TWO(V, T, std::copysign, Sleef_copysign##W)

#ifdef __AVX2__
VECTOR_FUNCTIONS(__m256, float, f8, _ZGVdN8v_, _ZGVdN8vv_, f)
VECTOR_FUNCTIONS(__m256d, double, d4, _ZGVdN4v_, _ZGVdN4vv_, )
static inline __m256 Sleef_sinf8_u35(__m256 x) { return Sleef_sinf8_u10(x); }
static inline __m256 Sleef_cosf8_u35(__m256 x) { return Sleef_cosf8_u10(x); }
SINCOS(__m256, Sleef___m256_2, Sleef_sinf8_u10, Sleef_cosf8_u10, Sleef_sincosf8_u10)
SINCOS(__m256d, Sleef___m256d_2, Sleef_sind4_u10, Sleef_cosd4_u10, Sleef_sincosd4_u10)
#endif
#ifdef __AVX512F__
VECTOR_FUNCTIONS(__m512, float, f16, _ZGVeN16v_, _ZGVeN16vv_, f)
VECTOR_FUNCTIONS(__m512d, double, d8, _ZGVeN8v_, _ZGVeN8vv_, )
static inline __m512 Sleef_sinf16_u35(__m512 x) { return Sleef_sinf16_u10(x); }
static inline __m512 Sleef_cosf16_u35(__m512 x) { return Sleef_cosf16_u10(x); }
SINCOS(__m512, Sleef___m512_2, Sleef_sinf16_u10, Sleef_cosf16_u10, Sleef_sincosf16_u10)
SINCOS(__m512d, Sleef___m512d_2, Sleef_sind8_u10, Sleef_cosd8_u10, Sleef_sincosd8_u10)
#endif

#undef MVEC_ONE
#undef MVEC_TWO
#undef EACH_ONE
#undef EACH_TWO
#undef SINCOS
#undef VECTOR_FUNCTIONS
