// The factor that keeps gradients within f16's range.
#pragma once

#include <cstdint>

namespace sciexam::inline train {

/// A power of two. An overflow halves it; after many steps without one it is doubled again.
class LossScale {
public:
  static constexpr double kFirst = 1 << 16, kLeast = 1.0 / (1 << 16), kMost = 1 << 24;
  static constexpr std::int64_t kPatience = 1000; ///< steps without an overflow before it grows

  double factor() const noexcept { return factor_; }
  std::int64_t steps() const noexcept { return steps_; } ///< since the last overflow or growth

  /// False: it cannot become smaller.
  bool shrink() noexcept {
    steps_ = 0;
    factor_ /= 2;
    return factor_ >= kLeast;
  }
  void note_step() noexcept {
    if (++steps_ < kPatience || factor_ >= kMost)
      return;
    steps_ = 0;
    factor_ *= 2;
  }
  void set(double factor, std::int64_t steps) noexcept {
    factor_ = factor;
    steps_ = steps;
  }

private:
  double factor_ = kFirst;
  std::int64_t steps_ = 0;
};

} // namespace sciexam::inline train
