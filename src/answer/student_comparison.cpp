#include "answer/student_comparison.hpp"

#include "exam/metrics.hpp"
#include "report/bar_plot.hpp"
#include "report/page.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sciexam::inline answer {
namespace {

constexpr int kGuesses = 3;

double standard_error_of(const std::vector<Ranking>& rankings, const Exam& exam) {
  double sum = 0, squares = 0;
  for (std::size_t q = 0; q < rankings.size(); ++q) {
    const double precision = average_precision_at_3(rankings[q], *exam.questions[q].answer);
    sum += precision;
    squares += precision * precision;
  }
  const auto count = static_cast<double>(rankings.size());
  return count < 2 ? 0 : std::sqrt(std::max(0.0, squares - sum * sum / count) / (count - 1) / count);
}

ExamResult result_of(const char* name, const Exam& exam, const EnsembleAnswers& answers,
                     const std::vector<Ranking>& rankings) {
  ExamResult result{.name = name, .models = answers.models.size()};
  result.map_at_3 = map_at_3(rankings, exam.questions);
  result.standard_error = standard_error_of(rankings, exam);
  result.accuracy = accuracy(rankings, exam.questions);
  double tokens = 0, seconds = 0;
  for (const ModelWork& work : answers.work) {
    tokens += static_cast<double>(work.tokens);
    seconds += work.answer_seconds;
  }
  result.tokens_per_second = seconds > 0 ? tokens / seconds : 0;
  result.seconds_per_question = seconds / static_cast<double>(exam.questions.size());
  return result;
}

/// KL(p || q); a probability that was rounded to 0 counts as a very small one.
double divergence_of(const OptionScores& p, const OptionScores& q) {
  constexpr double kLeast = 1e-12;
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    sum += p[i] > 0 ? p[i] * std::log(p[i] / std::max(q[i], kLeast)) : 0;
  return sum;
}

std::string cost_of(const StudentComparison& comparison) {
  return comparison.student.seconds_per_question > 0
             ? printed("%.1f times", comparison.teacher.seconds_per_question / comparison.student.seconds_per_question)
             : "no time";
}

std::string agreement_line(const StudentComparison& comparison) {
  return printed("the first guess is the same for %.1f %%, the order of three for %.1f %%; KL(teacher || student) %.4f",
                 100 * comparison.same_first, 100 * comparison.same_order, comparison.divergence);
}

} // namespace

StudentComparison compare_student(const Exam& exam, const EnsembleAnswers& teacher, const EnsembleAnswers& student,
                                  Combine combine) {
  const std::vector<Ranking> of_teacher = combine_answers(teacher.models, exam.questions, combine),
                             of_student = combine_answers(student.models, exam.questions, combine);
  StudentComparison comparison{.teacher = result_of("teacher", exam, teacher, of_teacher),
                               .student = result_of("student", exam, student, of_student),
                               .questions = exam.questions.size()};
  const auto part = 1 / static_cast<double>(exam.questions.size());
  for (std::size_t q = 0; q < exam.questions.size(); ++q) {
    const auto p = ensemble_probabilities(teacher.models, q, combine, exam.questions[q]),
               s = ensemble_probabilities(student.models, q, combine, exam.questions[q]);
    if (!p || !s)
      throw WorkError("the question \"" + exam.questions[q].id +
                      "\" was not answered by both, so they cannot be compared. The lines above say why");
    const auto &a = of_teacher[q], &b = of_student[q];
    comparison.same_first += a[0] == b[0] ? part : 0;
    comparison.same_order += std::equal(a.begin(), a.begin() + kGuesses, b.begin()) ? part : 0;
    comparison.divergence += part * divergence_of(*p, *s);
  }
  return comparison;
}

std::string comparison_table(const StudentComparison& comparison) {
  std::string text = "            models   MAP@3    +-      accuracy   tokens/s   questions/s\n";
  for (const ExamResult* one : {&comparison.teacher, &comparison.student})
    text += printed("  %-8s %8zu  %7.4f  %6.4f  %8.4f  %9.0f  %12.2f\n", one->name.c_str(), one->models, one->map_at_3,
                    one->standard_error, one->accuracy, one->tokens_per_second,
                    one->seconds_per_question > 0 ? 1 / one->seconds_per_question : 0);
  return text + "of " + counted(comparison.questions, "question") + " " + agreement_line(comparison) +
         "\nthe teacher takes " + cost_of(comparison) + " the student's time\n";
}

void write_comparison_page(const std::filesystem::path& file, const std::string& exam,
                           const StudentComparison& comparison) {
  const ExamResult &teacher = comparison.teacher, &student = comparison.student;
  Page page("A student and its teacher", exam + ", " + counted(comparison.questions, "question"));
  page.highlights({{"student's MAP@3", format_fixed(student.map_at_3, 4)},
                   {"teacher's", format_fixed(teacher.map_at_3, 4)},
                   {"same first guess", format_fixed(100 * comparison.same_first, 1) + " %"},
                   {"teacher's time", cost_of(comparison)}});
  const auto bars = [&](const char* title, const char* unit, double ExamResult::*value) {
    page.figure(draw(BarPlot{
        .title = title, .y_label = unit, .bars = {{teacher.name, teacher.*value}, {student.name, student.*value}}}));
  };
  bars("MAP@3", "MAP@3", &ExamResult::map_at_3);
  bars("Time", "seconds a question", &ExamResult::seconds_per_question);
  bars("Speed", "tokens/s", &ExamResult::tokens_per_second);
  std::vector<std::vector<std::string>> rows;
  for (const ExamResult* one : {&teacher, &student})
    rows.push_back({one->name, std::to_string(one->models), format_fixed(one->map_at_3, 4),
                    format_fixed(one->standard_error, 4), format_fixed(one->accuracy, 4),
                    format_fixed(one->tokens_per_second, 0), format_fixed(one->seconds_per_question, 4)});
  page.table({"", "models", "MAP@3", "standard error", "accuracy", "tokens/s", "seconds a question"}, rows);
  page.paragraph("Of " + counted(comparison.questions, "question") + " " + agreement_line(comparison) + ".");
  write_file_atomically(file, page.html());
}

} // namespace sciexam::inline answer
