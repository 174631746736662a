// sciexam-run: answers an exam.
#include "answer/answer_page.hpp"
#include "answer/locate.hpp"
#include "answer/submission_writer.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"
#include "cli/version.hpp"
#include "ensemble/package_run.hpp"
#include "model/runtime.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/interrupt.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/event_log.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

constexpr double kDefaultTimeLimit = 8 * 3600 + 50 * 60; // of the nine hours that Kaggle gives

struct AnswerOptions {
  std::string package, test, output, probabilities, report, log_json, combine = "mean-softmax";
  std::vector<double> weights;
  std::string time_limit, device, precision = "auto";
  double cascade = kNoCascade;
  int threads = 0;
  bool demo = false, quiet = false, lenient = false;
};

/// One run, from its inputs to its reports.
class AnswerRun {
public:
  explicit AnswerRun(const AnswerOptions& options)
      : options_(options), combine_(parse_combine(options.combine)), precision_(choose_precision(options.precision)),
        limit_(options.time_limit.empty() ? kDefaultTimeLimit : parse_duration(options.time_limit)) {}

  ExitStatus operator()();

private:
  void tell(const std::string& name, const std::string& value);
  double tell_time_left();
  void tell_machine(int threads);
  Package open_package();
  EnsembleAnswers answer(const Exam& exam, const std::optional<Package>& opened, int threads);
  ExitStatus report(const Exam& exam, const EnsembleAnswers& answers);

  const AnswerOptions& options_;
  Combine combine_;
  Precision precision_;
  double limit_;
  BootClock clock_;
  double begin_ = clock_.seconds(), prepared_ = 0;
  fs::path output_;
  std::optional<SubmissionWriter> submission_;
  RunFacts facts_;
  std::optional<DeviceSet> devices_;
};

/// A fact that one needs to see that the right things are used: printed now, and again in the report.
void AnswerRun::tell(const std::string& name, const std::string& value) {
  facts_.emplace_back(name, value);
  log_line(name + ": " + value);
}

/// What is left of the limit. A session that is older than it (an interactive one may be) cannot be the one that the
/// limit is for.
double AnswerRun::tell_time_left() {
  const double session = on_kaggle() ? age_of_session(true) : limit_;
  const bool from_session = session < limit_;
  const double left = std::max(0.0, limit_ - (from_session ? session : age_of_session(false)));
  tell("time", format_duration(left) + " left of " + format_duration(limit_) + ", counted from the start of " +
                   (from_session ? "the notebook's session" : "the program"));
  return left;
}

void AnswerRun::tell_machine(int threads) {
  tell("device",
       "CPU, " + cpu_model() + " (" + cpu_features() + "), " + counted(threads, "thread") + "; " + chosen_kernels());
  devices_->open();
  for (const DeviceSet::Finding& finding : devices_->findings())
    tell("GPU", finding.text);
  if (devices_->disappoints())
    warn_line("a GPU that --device asks for is not used: see above. The others and the CPU do the work");
  const std::uint64_t memory = available_memory();
  tell("memory", memory == 0 ? "unknown" : format_memory(memory) + " available");
}

Package AnswerRun::open_package() {
  const Located found = find_package(options_.package);
  Package package = Package::open(found.path);
  check_weights(options_.weights, package);
  check_precision(options_.precision, package);
  tell("package", describe(package));
  tell("package's folder", found.path.string() + " (" + found.reason + ")");
  return package;
}

EnsembleAnswers AnswerRun::answer(const Exam& exam, const std::optional<Package>& opened, int threads) {
  const Package package = opened ? *opened : open_package(); // once more if it is damaged: for the message
  tell_machine(threads);
  tell("precision", name_of(precision_, package, *devices_));
  if (package.needs_context() && !exam.has_context)
    warn_line("the exam has no column context, but the package's template is open book: the models were trained with "
              "context and will answer worse without");
  EnsembleRequest request{.threads = threads,
                          .precision = precision_,
                          .weights = options_.weights,
                          .cascade = options_.cascade,
                          .devices = &*devices_};
  request.time_limit = tell_time_left();
  request.improved = [&](const EnsembleAnswers& so_far) {
    if (!so_far.models.empty())
      submission_->improve(combine_answers(so_far.models, exam.questions, combine_));
  };
  request.stop = interrupted;
  prepared_ = clock_.seconds();
  return answer_with_ensemble(package, exam.questions, request);
}

/// The reports are less than the submission: one that cannot be written is told, and the rest goes on.
ExitStatus AnswerRun::report(const Exam& exam, const EnsembleAnswers& answers) {
  std::vector<std::string> degradations = degradations_of(exam, answers, submission_->problem());
  try {
    if (!options_.probabilities.empty() && !answers.models.empty())
      write_probabilities(options_.probabilities, exam.questions, answers.models, combine_);
    if (!options_.report.empty())
      write_answer_page(options_.report, exam, answers, combine_, facts_, degradations,
                        {.preparing = prepared_ - begin_, .total = clock_.seconds() - begin_});
  } catch (const WorkError& error) {
    degradations.push_back(std::string("a report is missing: ") + error.what());
  }
  const ExitStatus status = report_run(exam, answers, combine_, output_, degradations);
  log_event("end", {{"status", static_cast<int>(status)},
                    {"models", answers.models.size()},
                    {"degraded", degradations},
                    {"submission", output_.string()}});
  return status;
}

ExitStatus AnswerRun::operator()() {
  renew_memory_reserve(); // without it there is not enough for anything, and that is told soon
  set_quiet(options_.quiet);
  if (!options_.log_json.empty())
    open_event_log(options_.log_json);
  tell("program", version_line());
  const InterruptGuard guard;
  const DeviceChoice choice = choose_devices(options_.device, precision_);
  const int threads = use_threads(options_.threads);
  std::optional<Package> package;
  try {
    package.emplace(open_package());
  } catch (const PackageError&) {
    // Damaged: an exam can still be answered by the options' lengths, and then it is told.
  }
  const Located test = find_test(options_.test);
  output_ = find_output(options_.output);
  devices_.emplace(choice, fs::absolute(output_).parent_path()); // they open while the exam is read
  const Exam exam = read_exam(test.path, {.lenient = options_.lenient, .answers_required = false});
  tell("exam", counted(exam.questions.size(), "question") + " in " + test.path.string() + " (" + test.reason + ")");
  for (const std::string& note : notes_on(exam))
    tell("note", note);
  for (const BadRow& row : exam.bad_rows)
    warn_line("bad row: " + row.problem);

  // From here on there is a valid submission, whatever happens.
  submission_.emplace(output_, exam);
  try {
    return report(exam, answer(exam, package, threads));
  } catch (...) {
    warn_line(output_.string() + ": is a whole submission all the same, at worst by the length of the options");
    throw;
  }
}

} // namespace

void add_answer(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<AnswerOptions>();
  app.add_option("--package", options->package, "Package folder [found by itself]")->group("Inputs");
  app.add_option("--test", options->test, "The exam, a CSV file [found by itself]")->group("Inputs");
  app.add_option("--output", options->output, "Submission to write [submission.csv]")->group("Outputs");
  app.add_option("--probabilities", options->probabilities, "Also write each model's and the ensemble's probabilities")
      ->group("Outputs");
  app.add_option("--report", options->report, "Also write a page (HTML) about the run: models, certainty, time")
      ->group("Outputs");
  app.add_option("--log-json", options->log_json, "Also write what happens as JSON lines, for programs that watch")
      ->group("Outputs");
  app.add_flag("--quiet", options->quiet, "Print warnings and the summary only")->group("Outputs");
  app.add_flag("--lenient", options->lenient,
               "Rows of the exam that cannot be read do not end the run: they are answered A B C, and told")
      ->group("Inputs");
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
  add_device_option(app, options->device);
  add_precision_option(app, options->precision);
  app.add_flag("--demo", options->demo, "Answer the small exam inside the program with the small ensemble inside it");
  app.callback([&app, options, &status] {
    if (app.get_subcommands().empty())
      status = options->demo ? run_demo(options->threads, options->device, options->precision) : AnswerRun(*options)();
  });
}

} // namespace sciexam
