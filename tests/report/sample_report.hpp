// Reports with made-up contents.
#pragma once

#include "report/answer_report.hpp"
#include "report/index_report.hpp"
#include "report/training_report.hpp"

namespace sciexam::test {

/// `runs` runs of `steps` steps with a decaying noisy loss and twenty validations each.
TrainingReport sample_report(int runs, int steps);

/// Two models' answers, the second's to some of the questions.
AnswerReport sample_answer_report();

/// A thousand passages of 250 articles.
IndexReport sample_index_report();

} // namespace sciexam::test
