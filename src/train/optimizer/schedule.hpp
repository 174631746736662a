// The learning rate over the steps of a run.
#pragma once

#include "train/manifest/settings.hpp"

#include <cstdint>

namespace sciexam::inline train {

/// Steps of the warmup: ceil(warmup_ratio * total_steps), as in transformers' Trainer.
std::int64_t warmup_steps(const TrainingSettings& settings, std::int64_t total_steps);

/// The factor of the learning rate at `step` (0 is the first): rises linearly from 0 to 1 over
/// the warmup, then falls linearly to 0 at total_steps, or as half a cosine, or stays at 1
/// (transformers.optimization.get_scheduler).
double learning_rate_factor(const TrainingSettings& settings, std::int64_t step, std::int64_t total_steps);

} // namespace sciexam::inline train
