#include "cli/demo.hpp"

#include "answer/package_use.hpp"
#include "answer/run_report.hpp"
#include "cli/options.hpp"
#include "demo/demo.hpp"
#include "ensemble/package_run.hpp"
#include "exam/metrics.hpp"
#include "support/messages/progress.hpp"

#include <cstdio>

namespace sciexam::inline cli {
namespace {

void print_answer(const Question& question, const Ranking& ranking) {
  std::printf("%s\n", question.prompt.c_str());
  for (int rank = 0; rank < 3; ++rank) {
    const std::uint8_t option = ranking[static_cast<std::size_t>(rank)];
    std::printf("  %d. %c  %s%s\n", rank + 1, 'A' + option, question.options[option].c_str(),
                question.answer == option ? "   <- right" : "");
  }
}

} // namespace

ExitStatus run_demo(int requested_threads, const std::string& device, const std::string& given_precision) {
  const Precision precision = choose_precision(given_precision).precision;
  DeviceSet devices(choose_devices(device, precision), {});
  const int threads = use_threads(requested_threads);
  const Exam exam = read_demo_exam();
  const Package package = open_demo_package();
  log_line("package: " + describe(package));
  log_devices(devices);
  log_line("precision: " + name_of(precision, package, devices));
  const EnsembleAnswers answers =
      answer_with_ensemble(package, exam.questions, {.threads = threads, .precision = precision, .devices = &devices});
  if (answers.models.empty())
    return ExitStatus::failed;
  const std::vector<Ranking> rankings = combine_answers(answers.models, exam.questions, Combine::mean_softmax);
  for (std::size_t q = 0; q < rankings.size(); ++q)
    print_answer(exam.questions[q], rankings[q]);
  std::printf("\n%s\nMAP@3 of the ensemble: %.4f (guessing at random scores 0.3667; with so few "
              "questions either may well be 0.1 off)\n"
              "The demo's models are tiny: they show that everything works, not what large models know.\n",
              score_table(exam, answers.models).c_str(), map_at_3(rankings, exam.questions));
  for (const std::string& sentence : answers.degradations())
    std::printf("degraded: %s\n", sentence.c_str());
  return answers.degradations().empty() ? ExitStatus::done : ExitStatus::degraded;
}

} // namespace sciexam::inline cli
