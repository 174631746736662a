// Notices a training that learns nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sciexam::inline train {

/// Watches an exponential average of the loss. Staying at ln 5 = 1.609, the loss of pure guessing, for `patience` steps
/// is worth a warning: with too high a learning rate (2e-5 is reported to do it) DeBERTa-v3-large falls into this state
/// and does not leave it.
class LossWatch {
public:
  static constexpr double kGuessing = 1.6094379124341003; ///< ln 5
  static constexpr double kNear = 0.01;                   ///< an average this close to it counts as pinned
  static constexpr double kMemory = 0.98;                 ///< of the average

  LossWatch(std::int64_t patience, double average, std::int64_t pinned_steps)
      : patience_(patience), average_(average), pinned_steps_(pinned_steps) {}

  /// Takes the loss of one step. Returns a warning once, when the loss has been pinned for `patience` steps.
  std::optional<std::string> observe(double loss, double learning_rate);

  /// The average; 0 before the first step.
  double average() const noexcept { return average_; }
  std::int64_t pinned_steps() const noexcept { return pinned_steps_; }

private:
  std::int64_t patience_;
  double average_;
  std::int64_t pinned_steps_;
};

} // namespace sciexam::inline train
