// What tests of kernels share: random numbers, and formulas in double.
#pragma once

#include "kernels/kernel_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace sciexam::test {

using Floats = std::vector<float>;

inline Floats normal(std::size_t count, float deviation, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> any(0, deviation);
  Floats values(count);
  std::generate(values.begin(), values.end(), [&] { return any(generator); });
  return values;
}

inline std::size_t at(std::int64_t row, std::int64_t columns, std::int64_t column) {
  return static_cast<std::size_t>(row * columns + column);
}

inline double gelu(double x) {
  return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
}

/// How far GELU of x may be from that after products of these weights (DenseRows::gelu).
inline double gelu_error(StoredWeights stored, double x) {
  const bool rounded = stored == StoredWeights::bf16 || stored == StoredWeights::int8;
  return (rounded ? 6e-6 : 0) + 2e-7 * std::abs(x);
}

} // namespace sciexam::test
