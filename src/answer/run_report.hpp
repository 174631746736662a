// A run's answers as text: summary, tables, probabilities.
#pragma once

#include "ensemble/package_run.hpp"
#include "exam/question.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline answer {

/// CSV "id,model,A,B,C,D,E": a row for each question and model that answered it, and one for the ensemble, whose
/// scores are scaled to sum to 1.
void write_probabilities(const std::filesystem::path& file, std::span<const Question> questions,
                         std::span<const ModelAnswers> models, Combine combine);

/// Everything that makes a run degraded, one sentence each: models that failed, what there was no time for, rows that
/// could not be read, a submission that could not be written.
std::vector<std::string> degradations_of(const Exam& exam, const EnsembleAnswers& answers,
                                         const std::string& writing_problem);

/// What was answered and by which models, a table of them (with MAP@3 where the exam has answers), and a line for each
/// of `degradations`. `searched`: what no model answered was ranked by a passage index, not by the options' lengths.
std::string run_summary(const Exam& exam, const EnsembleAnswers& answers, Combine combine,
                        const std::filesystem::path& submission, std::span<const std::string> degradations,
                        bool searched = false);

/// A table with MAP@3 and accuracy of each model and of the ensemble for every way to combine.
std::string score_table(const Exam& exam, std::span<const ModelAnswers> models);

/// The score table in f32, and a line for each model that answered in both: how its answers in bf16 differ, over
/// the questions answered in both.
std::string agreement_table(const Exam& exam, std::span<const ModelAnswers> bf16, std::span<const ModelAnswers> f32);

} // namespace sciexam::inline answer
