// How far a device's logits lie from those that they are held against, and how far they may.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// What f16 weights and activations may move logits of ordinary size; those beyond 1 in proportion to the largest.
inline constexpr double kDeviceTolerance = 5e-3;

/// Absolute differences; infinite where a number is none.
struct LogitErrors {
  std::size_t count = 0;
  double mean = 0, most_90 = 0, most_99 = 0, most = 0; ///< most_90: 90 % are no larger
  double gate = kDeviceTolerance;                      ///< kDeviceTolerance for the expected logits' size

  bool pass() const { return most <= gate; }
  /// "10 logits, error mean 1.2e-04, 90 % 2.0e-04, 99 % 2.0e-04, max 3.1e-04 (gate 5.0e-03)"
  std::string text() const;
};

LogitErrors compare_logits(std::span<const float> found, std::span<const double> expected);

} // namespace sciexam
