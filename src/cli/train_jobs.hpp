// `train --jobs`: a training as jobs of a scheduler.
#pragma once

#include "cli/train_options.hpp"

namespace sciexam::inline cli {

/// Prints them on standard output. The manifest is read, so that a wrong one is refused now and not by every task.
/// Throws as parse_training_manifest(), and UsageError for options that tasks cannot have.
void print_jobs(const TrainOptions& options);

} // namespace sciexam::inline cli
