// A report with made-up runs.
#pragma once

#include "report/training_report.hpp"

namespace sciexam::test {

/// `runs` runs of `steps` steps with a decaying noisy loss and twenty validations each.
TrainingReport sample_report(int runs, int steps);

} // namespace sciexam::test
