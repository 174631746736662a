// sciexam-run: answers an exam.
#include "answer/answer_exam.hpp"
#include "answer/locate.hpp"
#include "answer/package_use.hpp"
#include "answer/run_report.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/options.hpp"
#include "cli/version.hpp"
#include "support/machine/interrupt.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/event_log.hpp"
#include "support/messages/progress.hpp"

#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

constexpr double kDefaultTimeLimit = 8 * 3600 + 50 * 60; // of the nine hours that Kaggle gives

struct AnswerOptions {
  std::string package, test, output, index, probabilities, report, log_json, combine = "mean-softmax",
                                                                             combine_contexts = "mean-plus-max";
  ReadingChoice reading;
  std::vector<double> weights;
  std::string time_limit, device, precision = "auto";
  std::optional<double> cascade, retrieval_weight;
  RetrievalSettings retrieval;
  int threads = 0;
  bool demo = false, quiet = false, lenient = false;
};

AnswerRequest request_of(const AnswerOptions& options) {
  PrecisionChoice precision = choose_precision(options.precision);
  DeviceChoice devices = choose_devices(options.device, precision.precision);
  return {.program = version_line(),
          .package = options.package,
          .test = options.test,
          .output = options.output,
          .index = options.index,
          .probabilities = options.probabilities,
          .report = options.report,
          .combine = parse_combine(options.combine),
          .combine_contexts = parse_combine_contexts(options.combine_contexts),
          .reading = options.reading,
          .weights = options.weights,
          .precision = std::move(precision),
          .retrieval_weight = options.retrieval_weight,
          .time_limit = named_time_limit(options.time_limit).value_or(kDefaultTimeLimit),
          .cascade = options.cascade,
          .devices = std::move(devices),
          .retrieval = options.retrieval,
          .threads = use_threads(options.threads),
          .lenient = options.lenient};
}

DemoOptions demo_options_of(const AnswerOptions& options) {
  return {.threads = options.threads,
          .device = options.device,
          .precision = options.precision,
          .index = options.index,
          .retrieval = options.retrieval,
          .retrieval_weight = options.retrieval_weight};
}

ExitStatus status_of(const AnswerOutcome& outcome) {
  if (outcome.answers.models.empty() && outcome.answers.given_up.empty())
    return ExitStatus::failed;
  return outcome.degradations.empty() ? ExitStatus::done : ExitStatus::degraded;
}

ExitStatus answer(const AnswerOptions& options) {
  remove_earlier_submission(options.output);
  renew_memory_reserve(); // where there is no room for it, what follows fails and says so
  set_quiet(options.quiet);
  if (!options.log_json.empty())
    open_event_log(options.log_json);
  const InterruptGuard guard;
  const AnswerRequest request = request_of(options);
  const AnswerOutcome outcome = answer_exam(request);
  std::fputs(run_summary(outcome.exam, outcome.answers, combination_of(request, outcome), outcome.submission,
                         outcome.degradations, !outcome.passages.empty())
                 .c_str(),
             stdout);
  std::fflush(stdout);
  const ExitStatus status = status_of(outcome);
  if (status == ExitStatus::failed)
    warn_line("THE RUN FAILED: no model answered a question. " + outcome.submission.string() +
              " is a complete submission all the same; the lines above say why and how");
  log_event("end", {{"status", static_cast<int>(status)},
                    {"models", outcome.answers.models.size()},
                    {"degraded", outcome.degradations},
                    {"submission", outcome.submission.string()}});
  return status;
}

} // namespace

void add_answer(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<AnswerOptions>();
  app.add_option("--package", options->package, "Package folder [found automatically]")->group("Inputs");
  app.add_option("--test", options->test, "The exam, a CSV file [found automatically]")->group("Inputs");
  app.add_option("--index", options->index, "Passage index: contexts for questions without one [found automatically]")
      ->group("Inputs");
  add_retrieval_options(app, options->retrieval);
  app.add_option("--output", options->output, "Submission to write [submission.csv]")->group("Outputs");
  app.add_option("--probabilities", options->probabilities, "Also write each model's and the ensemble's probabilities")
      ->group("Outputs");
  app.add_option("--report", options->report, "Also write a page (HTML) about the run: models, certainty, time")
      ->group("Outputs");
  app.add_option("--log-json", options->log_json, "Also write events as JSON lines, for programs that watch the run")
      ->group("Outputs");
  app.add_flag("--quiet", options->quiet, "Print warnings and the summary only")->group("Outputs");
  app.add_flag("--lenient", options->lenient,
               "Answer exam rows that cannot be read with A B C, and name them, instead of refusing the exam")
      ->group("Inputs");
  app.add_option("--time-limit", options->time_limit,
                 "Time limit of the whole run, such as 8h50m, 45m or 90s, from the start of the notebook's session "
                 "(elsewhere: of the program) [SCIEXAM_TIME_LIMIT, else 8h50m]")
      ->group("Time");
  app.add_option("--cascade", options->cascade,
                 "Ask no further model about a question once the models so far give its first guess this probability "
                 "[every model answers every question]")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Time");
  add_combine_options(app, options->combine, options->weights);
  add_reading_options(app, options->reading, options->combine_contexts);
  app.add_option("--retrieval-weight", options->retrieval_weight,
                 "Weight of the passage index's own ranking beside the models', 0 to 1 [the package's, mostly 0]")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Ensemble");
  add_threads_option(app, options->threads);
  add_device_option(app, options->device);
  add_precision_option(app, options->precision);
  app.add_flag("--demo", options->demo, "Answer the built-in exam with the built-in small ensemble and encyclopedia");
  app.callback([&app, options, &status] {
    if (app.get_subcommands().empty())
      status = options->demo ? run_demo(demo_options_of(*options)) : answer(*options);
  });
}

} // namespace sciexam::inline cli
