// A run's answers as text: summary, tables, probabilities.
#pragma once

#include "ensemble/package_run.hpp"
#include "exam/question.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline answer {

/// CSV "id,model,A,B,C,D,E,question_hash": a row for each question and model that answered it, one for the passage
/// index if it has a weight, and one for the ensemble, whose scores are scaled to sum to 1.
void write_probabilities(const std::filesystem::path& file, std::span<const Question> questions,
                         std::span<const ModelAnswers> models, const Combination& combination);

/// Everything that makes a run degraded, one sentence each: models that failed, what there was no time for, rows that
/// could not be read, a submission that could not be written.
std::vector<std::string> degradations_of(const Exam& exam, const EnsembleAnswers& answers,
                                         const std::string& writing_problem);

/// What was answered and by which models, a table of them (with MAP@3 where the exam has answers), and a line for each
/// of `degradations`. `searched`: what no model answered was ranked by a passage index, not by the options' lengths.
std::string run_summary(const Exam& exam, const EnsembleAnswers& answers, const Combination& combination,
                        const std::filesystem::path& submission, std::span<const std::string> degradations,
                        bool searched = false);

/// A table with MAP@3 and accuracy of each model, of the ensemble for every way to combine, and, if a passage index has
/// a weight, of its ranking and of both together.
std::string score_table(const Exam& exam, std::span<const ModelAnswers> models,
                        const Combination& combination = Combine::mean_softmax);

/// The score table in f32, and a line for each model that answered in both: how its answers in bf16 differ, over
/// the questions answered in both.
std::string agreement_table(const Exam& exam, std::span<const ModelAnswers> bf16, std::span<const ModelAnswers> f32);

} // namespace sciexam::inline answer
