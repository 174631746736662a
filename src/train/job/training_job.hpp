// A manifest's runs, one after the other: what `sciexam-run train` does.
#pragma once

#include "train/job/request.hpp"

namespace sciexam::inline train {

/// Trains what is asked for; kernels are held to the instruction set by now (use_isa()). Leaves in `out`: a folder for
/// each run, lock.json, report.html (rewritten after each run), and, for runs with validation questions,
/// NAME/predictions.csv with the result's probabilities for them; with folds also NAME_out_of_fold.csv over all
/// questions. Throws as train_run(), and UsageError, before anything is trained, if more memory is needed than there
/// is.
TrainingOutcome train_all(const TrainingRequest& request);

} // namespace sciexam::inline train
