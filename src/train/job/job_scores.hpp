// What the runs of a training achieve together.
#pragma once

#include "train/job/predictions.hpp"
#include "train/job/request.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline train {

/// The predictions of `folds` consecutive runs, one per fold of the same run; where one is missing, the run is left
/// out.
std::vector<std::span<const Predictions>> by_run(std::span<const Predictions> predictions, std::int64_t folds);

/// MAP@3 and accuracy: with folds, of each run's questions out of fold; else of the mean of the runs' probabilities,
/// where there are several and they were validated with the same questions.
NamedTexts job_scores(std::span<const Predictions> predictions, std::int64_t folds);

} // namespace sciexam::inline train
