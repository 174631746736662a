#include "train/optimizer/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sciexam::inline train {

std::int64_t warmup_steps(const TrainingSettings& settings, std::int64_t total_steps) {
  return static_cast<std::int64_t>(std::ceil(settings.warmup_ratio * static_cast<double>(total_steps)));
}

double learning_rate_factor(const TrainingSettings& settings, std::int64_t step, std::int64_t total_steps) {
  const std::int64_t warmup = warmup_steps(settings, total_steps);
  if (step < warmup)
    return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup));
  if (settings.lr_scheduler_type == "constant")
    return 1;
  const double left = static_cast<double>(std::max<std::int64_t>(0, total_steps - step)) /
                      static_cast<double>(std::max<std::int64_t>(1, total_steps - warmup));
  return settings.lr_scheduler_type == "cosine" ? 0.5 * (1 + std::cos(std::numbers::pi * (1 - left))) : left;
}

} // namespace sciexam::inline train
