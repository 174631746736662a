#include "inference/device_check.hpp"

#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sciexam::inline inference {

std::string LogitErrors::text() const {
  return printed("%zu logits, error mean %.1e, 90 %% %.1e, 99 %% %.1e, max %.1e (gate %.1e)", count, mean, quantile_90,
                 quantile_99, maximum, gate);
}

LogitErrors compare_logits(std::span<const float> found, std::span<const double> expected) {
  std::vector<double> errors;
  double largest = 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = i < found.size() ? std::abs(static_cast<double>(found[i]) - expected[i]) : INFINITY;
    errors.push_back(std::isnan(error) ? INFINITY : error);
    largest = std::max(largest, std::abs(expected[i]));
  }
  if (errors.empty())
    return {};
  std::sort(errors.begin(), errors.end());
  const auto quantile = [&](double part) {
    return errors[static_cast<std::size_t>(std::ceil(part * static_cast<double>(errors.size()))) - 1];
  };
  return {.count = errors.size(),
          .mean = std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size()),
          .quantile_90 = quantile(0.9),
          .quantile_99 = quantile(0.99),
          .maximum = errors.back(),
          .gate = kDeviceTolerance * largest};
}

} // namespace sciexam::inline inference
