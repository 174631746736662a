// exp and GELU of vectors.
#pragma once

#include "kernels/per_isa/vectors.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// The larger of `most`, not negative, and |x|. As integers, whose order is that of such floats: a NaN counts more than
/// any number, and is not lost.
inline Vector larger_magnitude(Vector most, Vector x) {
  const Integers a = bits_of(most), b = bits_of(x) & all_integers(INT32_MAX);
  return reinterpret_cast<Vector>(a > b ? a : b);
}

/// The largest of numbers that are not negative, or a NaN among them.
inline float largest(Vector x) {
  __m256i parts[kLanes / 8];
  __builtin_memcpy(parts, &x, sizeof x);
  const __m256i eight = kLanes == 16 ? _mm256_max_epi32(parts[0], parts[kLanes / 8 - 1]) : parts[0];
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1)),
                two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x0E)),
                one = _mm_max_epi32(two, _mm_shuffle_epi32(two, 0x01));
  return _mm_cvtss_f32(_mm_castsi128_ps(one));
}

/// Horner's scheme; coefficients from the constant on.
template <int kCount>
inline Vector polynomial(const float (&coefficients)[kCount], Vector x) {
  Vector value = all(coefficients[kCount - 1]);
#pragma GCC unroll 16
  for (int i = kCount - 2; i >= 0; --i)
    value = multiply_add(value, x, all(coefficients[i]));
  return value;
}

/// e^x for x <= 0, relative error below 2e-7; clamped below at e^-87. A NaN stays one.
inline Vector exponential(Vector x) {
  // e^x = 2^n e^r with |r| <= ln(2) / 2. Least squares for (e^r - 1) / r in relative error: 2.2e-9.
  constexpr float kCoefficients[] = {1.0F, 1.0F, 0.49999994F, 0.16666421F, 0.041667726F, 0.0083747720F, 0.0013859285F};
  // ln 2 in two parts, the first with zeros at its end: n times it is exact.
  constexpr float kLog2E = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  const Vector bounded = greater(all(-87), x); // in this order: of a NaN and a number the second is taken
  const Vector n = nearest(multiply(bounded, all(kLog2E)));
  const Vector r = multiply_add(n, all(-kLn2Low), multiply_add(n, all(-kLn2High), bounded));
  return multiply(polynomial(kCoefficients, r), power_of_two(n));
}

/// 2^x for x <= 0, relative error below 3e-6: for results that are rounded to 16-bit integers. A NaN stays one.
inline Vector coarse_exp2(Vector x) {
  // 2^x = 2^n 2^r with |r| <= 1 / 2. Minimax in relative error: 2.6e-6.
  constexpr float kCoefficients[] = {0.999999285F, 0.693121791F, 0.240247458F, 0.0559178628F, 0.00957009103F};
  const Vector n = nearest(x);
  return scaled_by_power(polynomial(kCoefficients, subtract(x, n)), n);
}

/// erf(x), absolute error below 2e-7.
inline Vector error_function(Vector x) {
  // Chebyshev interpolation of erf(z) / z in u = 2 z^2 / 3.92^2 - 1; beyond 3.92 erf rounds to 1.
  constexpr float kCoefficients[] = {0.360736817F,   -0.180108592F,   0.134084791F,   -0.10918054F,
                                     0.0905929133F,  -0.0740041509F,  0.0584215894F,  -0.0435175262F,
                                     0.0296213683F,  -0.0197848585F,  0.0143256159F,  -0.00795068685F,
                                     0.00183337345F, -0.00119220291F, 0.00212412328F, -0.00090000144F};
  constexpr float kBound = 3.92F;
  const Vector z = greater(less(x, all(kBound)), all(-kBound));
  const Vector u = multiply_add(multiply(z, z), all(2 / (kBound * kBound)), all(-1));
  return multiply(polynomial(kCoefficients, u), z);
}

inline Vector gelu(Vector x) {
  constexpr float kSqrtHalf = 0.707106781F;
  const Vector half = multiply(x, all(0.5F));
  return multiply_add(half, error_function(multiply(x, all(kSqrtHalf))), half);
}

/// GELU, absolute error below 6e-6: for results that are rounded to bf16 or int8 before they are multiplied. A quarter
/// less work.
inline Vector coarse_gelu(Vector x) {
  // The normal distribution's integral from 0 to x as x p(u) with u = 2 x^2 / 4.75^2 - 1: minimax in x^2 p(u), and 1/2
  // at 4.75, beyond which it stays.
  constexpr float kCoefficients[] = {0.148748294F,   -0.0736669526F, 0.0532351136F, -0.0405793749F,
                                     0.0304098427F,  -0.0215954967F, 0.0133648282F, -0.00726248464F,
                                     0.00509268045F, -0.0037184367F, 0.00123515178F};
  constexpr float kBound = 4.75F;
  const Vector z = greater(less(x, all(kBound)), all(-kBound));
  const Vector u = multiply_add(multiply(z, z), all(2 / (kBound * kBound)), all(-1));
  return multiply(x, multiply_add(z, polynomial(kCoefficients, u), all(0.5F)));
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
