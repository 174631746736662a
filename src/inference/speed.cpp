#include "inference/speed.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline inference {
namespace {

constexpr double kSpeedMemory = 120; // seconds after which a measurement has the weight 1 / e

} // namespace

void SpeedEstimate::add(std::int64_t tokens, double seconds) {
  const double kept = std::exp(-seconds / kSpeedMemory);
  tokens_ = tokens_ * kept + static_cast<double>(tokens);
  seconds_ = seconds_ * kept + seconds;
}

double SpeedEstimate::tokens_per_second() const {
  return seconds_ > 0 ? std::max(tokens_ / seconds_, 1e-3) : expected_;
}

} // namespace sciexam::inline inference
