// How far a device's logits are from the expected ones, and how far they may be.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline inference {

/// How far f16 weights and activations may move logits up to 1; beyond that in proportion to the largest.
inline constexpr double kDeviceTolerance = 5e-3;

/// Absolute differences; infinite where a logit is NaN or missing.
struct LogitErrors {
  std::size_t count = 0;
  double mean = 0, quantile_90 = 0, quantile_99 = 0, maximum = 0;
  double gate = kDeviceTolerance; ///< kDeviceTolerance for the size of the expected logits

  bool pass() const { return maximum <= gate; }
  /// "10 logits, error mean 1.2e-04, 90 % 2.0e-04, 99 % 2.0e-04, max 3.1e-04 (gate 5.0e-03)"
  std::string text() const;
};

LogitErrors compare_logits(std::span<const float> found, std::span<const double> expected);

} // namespace sciexam::inline inference
