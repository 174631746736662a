// report.html of a training.
#pragma once

#include "report/training_report.hpp"
#include "train/inputs/inputs.hpp"
#include "train/job/request.hpp"

#include <vector>

namespace sciexam::inline train {

/// The report from the logs of the planned runs in request.out, as far as there are any.
TrainingReport job_report(const TrainingRequest& request, const std::vector<RunPlan>& plans, const DataInputs& data,
                          const TrainingOutcome& outcome, const NamedTexts& scores);

} // namespace sciexam::inline train
