// Which runs a request comes to.
#pragma once

#include "checkpoint/config.hpp"
#include "train/job/request.hpp"

#include <string>
#include <vector>

namespace sciexam::inline train {

/// The manifest's runs that are asked for; with folds, each of them once per fold, as NAME_fold_K; with a task, that
/// one of them. Throws UsageError for a name that the manifest does not have, or a task that there is not.
std::vector<RunPlan> planned_runs(const TrainingRequest& request);

/// "run_0" of "run_0_fold_3".
std::string without_fold(const std::string& name);

/// The number of folds, one of which a column `fold` must name; where runs differ, the smallest. 0: no run has folds.
int least_folds(const std::vector<RunPlan>& plans);

/// The configuration that a run trains with. Throws UsageError if it freezes more layers than there are.
DebertaConfig configured(DebertaConfig config, const TrainingSettings& settings);

} // namespace sciexam::inline train
