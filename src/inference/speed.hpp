// How fast a machine answers.
#pragma once

#include <cstdint>

namespace sciexam::inline inference {

/// Tokens per second, with more weight on the last minutes: other users of the machine may start or stop.
class SpeedEstimate {
public:
  explicit SpeedEstimate(double expected) : expected_(expected) {}
  void add(std::int64_t tokens, double seconds);
  bool measured() const noexcept { return seconds_ > 0; }
  double tokens_per_second() const;

private:
  double expected_, tokens_ = 0, seconds_ = 0;
};

} // namespace sciexam::inline inference
