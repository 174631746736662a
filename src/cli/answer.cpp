// sciexam-run: answers an exam.
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/locate.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"
#include "ensemble/answering.hpp"
#include "exam/submission.hpp"
#include "model/runtime.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam {
namespace {

constexpr double kDefaultTimeLimit = 8 * 3600 + 50 * 60; // of the nine hours that Kaggle gives

struct AnswerOptions {
  std::string package, test, output, probabilities, combine = "mean-softmax";
  std::vector<double> weights;
  std::string time_limit;
  double cascade = kNoCascade;
  int threads = 0;
  bool demo = false;
};

std::vector<Ranking> fallback(std::span<const Question> questions) {
  std::vector<Ranking> rankings;
  for (const Question& question : questions)
    rankings.push_back(rank_by_length(question));
  return rankings;
}

/// What is left of the limit, told in a line. A session that is older than it (an interactive one may be) cannot
/// be the one that the limit is for.
double time_left(double limit) {
  const double session = on_kaggle() ? age_of_session(true) : limit;
  const bool from_session = session < limit;
  const double left = std::max(0.0, limit - (from_session ? session : age_of_session(false)));
  log_line("time: " + format_duration(std::chrono::duration<double>(left)) + " left of " +
           format_duration(std::chrono::duration<double>(limit)) + ", counted from the start of " +
           (from_session ? "the notebook's session" : "the program"));
  return left;
}

ExitStatus answer_exam(const AnswerOptions& options) {
  const Combine combine = parse_combine(options.combine);
  const double limit = options.time_limit.empty() ? kDefaultTimeLimit : parse_duration(options.time_limit);
  const InterruptGuard guard;
  const int threads = use_threads(options.threads);
  const std::filesystem::path package_folder = find_package(options.package);
  const std::filesystem::path test = find_test(options.test), output = find_output(options.output);
  const Exam exam = read_exam(test);
  log_line("exam: " + test.string() + ", " + std::to_string(exam.questions.size()) + " questions");

  // From here on there is a valid submission, whatever happens.
  write_submission(output, exam.questions, fallback(exam.questions));
  const Package package = Package::open(package_folder);
  check_weights(options.weights, package);
  log_line("package: " + describe(package) + "\ndevice: CPU, " + std::to_string(threads) + " threads, " +
           chosen_kernels());
  if (package.needs_context() && !exam.has_context)
    log_line(test.string() + ": has no column context, but the package's template is open book: the models were "
                             "trained with context and will answer worse without");

  EnsembleRequest request{.threads = threads, .weights = options.weights, .cascade = options.cascade};
  request.time_limit = time_left(limit);
  request.improved = [&](const EnsembleAnswers& so_far) {
    if (!so_far.models.empty())
      write_submission(output, exam.questions, combine_answers(so_far.models, exam.questions, combine));
  };
  request.stop = interrupted;
  const EnsembleAnswers answers = answer_with_ensemble(package, exam.questions, request);
  if (!options.probabilities.empty() && !answers.models.empty())
    write_probabilities(options.probabilities, exam.questions, answers.models, combine);
  return report_run(exam, answers, combine, output);
}

} // namespace

void add_answer(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<AnswerOptions>();
  app.add_option("--package", options->package, "Package folder [found by itself]")->group("Inputs");
  app.add_option("--test", options->test, "The exam, a CSV file [found by itself]")->group("Inputs");
  app.add_option("--output", options->output, "Submission to write [submission.csv]")->group("Outputs");
  app.add_option("--probabilities", options->probabilities, "Also write each model's and the ensemble's probabilities")
      ->group("Outputs");
  app.add_option("--time-limit", options->time_limit,
                 "Time for everything, such as 8h50m, 45m or 90s, from the start of the notebook's session (elsewhere: "
                 "of the program) [8h50m]")
      ->group("Time");
  app.add_option("--cascade", options->cascade,
                 "Questions of which the models so far are this sure (probability of the first guess) get no further "
                 "model [all get all]")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Time");
  add_combine_options(app, options->combine, options->weights);
  add_threads_option(app, options->threads);
  app.add_flag("--demo", options->demo, "Answer the small exam inside the program with the small ensemble inside it");
  app.callback([&app, options, &status] {
    if (app.get_subcommands().empty())
      status = options->demo ? run_demo(options->threads) : answer_exam(*options);
  });
}

} // namespace sciexam
