// GELU and its derivative.
#pragma once

#include "intrinsics.cuh"

/// What lies beyond |x| under the normal distribution, and exp(-x^2 / 2). erf after Abramowitz and Stegun 7.1.26, whose
/// error of 1.5e-7 is far below f16's step.
struct NormalTail {
  float upper, density;

  METHOD explicit NormalTail(float x) {
    const float z = __builtin_fabsf(x) * 0.70710678F, t = reciprocal(__builtin_fmaf(0.3275911F, z, 1.0F));
    float series = __builtin_fmaf(1.061405429F, t, -1.453152027F);
    series = __builtin_fmaf(series, t, 1.421413741F);
    series = __builtin_fmaf(series, t, -0.284496736F);
    series = __builtin_fmaf(series, t, 0.254829592F) * t;
    density = exp2_approx(-z * z * kLog2e);
    upper = 0.5F * series * density;
  }
  /// The part below x.
  METHOD float below(float x) const { return x < 0 ? upper : 1.0F - upper; }
};

/// x / 2 (1 + erf(x / sqrt 2))
DEVICE float gelu(float x) {
  return x * NormalTail(x).below(x);
}

DEVICE float gelu_slope(float x) {
  const NormalTail tail(x);
  return tail.below(x) + x * tail.density * 0.39894228F; // 1 / sqrt(2 pi)
}
