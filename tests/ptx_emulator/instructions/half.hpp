// IEEE half precision, by the CPU's F16C and exact roundings.
#pragma once

#include <bit>
#include <cstdint>

#include <immintrin.h>

namespace sciexam::emulated {

/// Same storage as std::uint16_t, another type, so that operations can be overloaded.
struct Half {
  std::uint16_t bits;
};

inline float to_float(Half value) {
  return _cvtsh_ss(value.bits);
}

/// Rounding to nearest even.
inline Half to_half(float value) {
  return {_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT)};
}

/// A double as a float rounded to odd: rounding that to half precision in any way equals rounding the double once.
inline float to_odd_float(double value) {
  const float nearest = static_cast<float>(value);
  if (nearest == value || nearest != nearest) // exact, or not a number
    return nearest;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(nearest);
  if ((nearest > value) == (value > 0))
    --bits; // towards zero
  return std::bit_cast<float>(bits | 1);
}

inline Half to_half(double value) {
  return to_half(to_odd_float(value));
}

} // namespace sciexam::emulated
