// sciexam-run evaluate: MAP@3 against a labelled file.
#include "answer/locate.hpp"
#include "answer/package_use.hpp"
#include "answer/run_report.hpp"
#include "answer/student_comparison.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "exam/metrics.hpp"
#include "exam/submission.hpp"
#include "inference/loading.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

struct EvaluateOptions {
  std::string package, teacher, test, submission, probabilities, report, device,
      combine = "mean-softmax", precision = "auto", combine_contexts = "mean-plus-max";
  ReadingChoice reading;
  std::vector<double> weights;
  int threads = 0;
};

Exam read_labelled(const std::string& file) {
  Exam exam = read_exam(file);
  if (!exam.has_answers)
    throw InputError({file}, "has no column answer", "Evaluation needs the right answers: give a labelled file");
  return exam;
}

ExitStatus evaluate_submission(const EvaluateOptions& options) {
  const Exam exam = read_labelled(options.test);
  const std::vector<Ranking> rankings = read_submission(options.submission, exam.questions);
  std::printf("%s against %s, %s: MAP@3 %.4f, accuracy %.4f\n", options.submission.c_str(), options.test.c_str(),
              counted(exam.questions.size(), "question").c_str(), map_at_3(rankings, exam.questions),
              accuracy(rankings, exam.questions));
  return ExitStatus::done;
}

/// A package's answers; what is missing is told in the output.
EnsembleAnswers answer_aloud(const Package& package, const Exam& exam, const EnsembleRequest& request) {
  EnsembleAnswers answers = answer_with_ensemble(package, exam.questions, request);
  for (const std::string& sentence : answers.degradations())
    std::printf("degraded: %s\n", sentence.c_str());
  return answers;
}

/// The teacher, as its own package says, beside the student's answers.
ExitStatus compare_with_teacher(const EvaluateOptions& options, const Exam& exam, const EnsembleAnswers& student,
                                EnsembleRequest request) {
  const Package teacher = Package::open(options.teacher);
  log_line("teacher: " + describe(teacher));
  require_precision(teacher, request.precision);
  request.reading.reset();
  request.weights.clear();
  const EnsembleAnswers answers = answer_aloud(teacher, exam, request);
  if (answers.models.empty())
    return ExitStatus::failed;
  const StudentComparison comparison = compare_student(exam, answers, student, parse_combine(options.combine));
  std::printf("beside its teacher, %s\n%s", options.combine.c_str(), comparison_table(comparison).c_str());
  if (!options.report.empty())
    write_comparison_page(options.report, options.test, comparison);
  return answers.degradations().empty() ? ExitStatus::done : ExitStatus::degraded;
}

ExitStatus evaluate_package(const EvaluateOptions& options) {
  const Combine combine = parse_combine(options.combine);
  const PrecisionChoice choice = choose_precision(options.precision);
  const Precision precision = choice.precision;
  DeviceSet devices(choose_devices(options.device, precision), {});
  const int threads = use_threads(options.threads);
  const Exam exam = read_labelled(options.test);
  const Package package = Package::open(find_package(options.package).path);
  require_weights(options.weights, package);
  require_precision(choice, package);
  require_reading(options.reading, package);
  log_line("package: " + describe(package));
  if (package.manifest().retrieval_weight > 0)
    log_line("note: the passage index's ranking, which has a weight in this package, is not evaluated: the models are");
  log_devices(devices);
  log_line("precision: " + name_of(precision, package, devices));
  const ReadingOptions reading = reading_options(options.reading, package, devices); // which are open
  if (package.needs_context())
    log_line("contexts: " + describe(reading, exam));
  const EnsembleRequest request{.threads = threads,
                                .precision = precision,
                                .reading = reading,
                                .combine_contexts = parse_combine_contexts(options.combine_contexts),
                                .weights = options.weights,
                                .devices = &devices};
  const EnsembleAnswers answers = answer_aloud(package, exam, request);
  if (answers.models.empty())
    return ExitStatus::failed;
  if (!options.probabilities.empty())
    write_probabilities(options.probabilities, exam.questions, answers.models, combine);
  std::printf("%s, %s\n%s", options.test.c_str(), counted(exam.questions.size(), "question").c_str(),
              score_table(exam, answers.models).c_str());
  if (precision == Precision::bf16) {
    EnsembleRequest exact = request;
    exact.precision = Precision::as_stored;
    const EnsembleAnswers in_f32 = answer_with_ensemble(package, exam.questions, exact);
    std::printf("%s", agreement_table(exam, answers.models, in_f32.models).c_str());
  }
  if (!options.teacher.empty())
    if (const ExitStatus status = compare_with_teacher(options, exam, answers, request); status != ExitStatus::done)
      return status;
  return answers.degradations().empty() ? ExitStatus::done : ExitStatus::degraded;
}

} // namespace

void add_evaluate(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command = app.add_subcommand("evaluate", "MAP@3 and accuracy against a labelled file");
  command->add_option("--test", options->test, "A labelled exam (with a column answer)")->required();
  command->add_option("--package", options->package, "Package folder to evaluate [found automatically]");
  command->add_option("--submission", options->submission, "Evaluate this submission instead of a package");
  command->add_option("--probabilities", options->probabilities,
                      "Also write each model's and the ensemble's probabilities");
  CLI::Option* teacher = command->add_option("--teacher", options->teacher,
                                             "Also compare with this package, which the models have learnt from");
  command->add_option("--report", options->report, "Also write a page (HTML) of that comparison")->needs(teacher);
  add_combine_options(*command, options->combine, options->weights);
  add_reading_options(*command, options->reading, options->combine_contexts);
  add_threads_option(*command, options->threads);
  add_device_option(*command, options->device);
  add_precision_option(*command, options->precision);
  command->callback([options, &status] {
    status = options->submission.empty() ? evaluate_package(*options) : evaluate_submission(*options);
  });
}

} // namespace sciexam::inline cli
