// A student beside its teacher: what each scores, how far they say the same, and what each costs.
#pragma once

#include "ensemble/package_run.hpp"
#include "exam/question.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace sciexam::inline answer {

/// One of the two.
struct ExamResult {
  std::string name;
  std::size_t models = 0;
  double map_at_3 = 0, standard_error = 0; ///< of MAP@3: the questions' deviation by the root of their number
  double accuracy = 0;
  double tokens_per_second = 0, seconds_per_question = 0; ///< of all its models together, without loading
};

struct StudentComparison {
  ExamResult teacher, student;
  std::size_t questions = 0;
  double same_first = 0, same_order = 0; ///< fractions of questions: the first guess, the order of all three
  double divergence = 0;                 ///< the mean of KL(teacher || student) of their probabilities, in nats
};

/// Of two packages' answers to the same exam, which has answers; by the ways to combine that are given.
StudentComparison compare_student(const Exam& exam, const EnsembleAnswers& teacher, const EnsembleAnswers& student,
                                  Combine combine);

/// As a table and two lines.
std::string comparison_table(const StudentComparison& comparison);

/// As a page with plots. Throws WorkError.
void write_comparison_page(const std::filesystem::path& file, const std::string& exam,
                           const StudentComparison& comparison);

} // namespace sciexam::inline answer
