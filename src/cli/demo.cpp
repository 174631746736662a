#include "cli/demo.hpp"

#include "answer/exam_retrieval.hpp"
#include "answer/package_use.hpp"
#include "answer/run_report.hpp"
#include "cli/options.hpp"
#include "demo/demo.hpp"
#include "ensemble/package_run.hpp"
#include "exam/metrics.hpp"
#include "exam/ranking.hpp"
#include "retrieval/contexts/telling_sentence.hpp"
#include "support/messages/progress.hpp"
#include "support/text/utf8.hpp"

#include <cstdio>

namespace sciexam::inline cli {
namespace {

constexpr std::size_t kShownText = 100; // bytes of a passage

ExamRetrieval choose_index(const DemoOptions& options) {
  if (!options.index.empty())
    return {options.index, options.retrieval};
  return {demo_index_files(), "the program", options.retrieval};
}

double map_at_3_by_length(const Exam& exam) {
  std::vector<Ranking> rankings;
  for (const Question& question : exam.questions)
    rankings.push_back(rank_by_length(question));
  return map_at_3(rankings, exam.questions);
}

void print_passage(const FoundPassages& found, Analyser& analyser, const std::string& text) {
  if (found.passages.empty())
    return;
  const FoundPassage& best = found.passages.front();
  std::printf("  read: %s (score %.1f): \"%s\"\n", best.title.c_str(), best.score,
              beginning_of(telling_sentence(analyser, best.text, text), kShownText).c_str());
}

/// The three guesses, and the right option if it is not among them.
void print_answer(const Question& question, const Ranking& ranking) {
  for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
    const std::uint8_t option = ranking[rank];
    const bool right = question.answer == option;
    if (rank < 3)
      std::printf("  %zu. ", rank + 1);
    else if (right)
      std::printf("  no: ");
    else
      continue;
    std::printf("%c  %s%s\n", 'A' + option, question.options[option].c_str(), right ? "   <- right" : "");
  }
}

void print_answers(const Exam& exam, const std::vector<FoundPassages>& found, const std::vector<Ranking>& rankings) {
  Analyser analyser;
  for (std::size_t q = 0; q < rankings.size(); ++q) {
    const Question& question = exam.questions[q];
    std::printf("%s\n", question.prompt.c_str());
    if (!found.empty())
      print_passage(found[q], analyser, question.prompt + " " + question.options[rankings[q][0]]);
    print_answer(question, rankings[q]);
  }
}

} // namespace

ExitStatus run_demo(const DemoOptions& options) {
  const Precision precision = choose_precision(options.precision).precision;
  DeviceSet devices(choose_devices(options.device, precision), {});
  const int threads = use_threads(options.threads);
  Exam exam = read_demo_exam();
  const Package package = open_demo_package();
  ExamRetrieval retrieval = choose_index(options);
  log_line("package: " + describe(package));
  log_devices(devices);
  log_line("precision: " + name_of(precision, package, devices));
  log_line("passage index: " + retrieval.open());
  if (retrieval.usable()) {
    retrieval.search(exam.questions, 1, threads, nullptr);
    if (package.needs_context())
      retrieval.add_contexts(exam.questions, 1);
  }
  const EnsembleAnswers answers =
      answer_with_ensemble(package, exam.questions, {.threads = threads, .precision = precision, .devices = &devices});
  if (answers.models.empty())
    return ExitStatus::failed;
  Combination combination = Combine::mean_softmax;
  combination.retrieval_weight = options.retrieval_weight.value_or(package.manifest().retrieval_weight);
  combination.retrieval = retrieval.probabilities();
  const std::vector<Ranking> rankings = combine_answers(answers.models, exam.questions, combination);
  print_answers(exam, retrieval.found(), rankings);
  std::printf(
      "\n%s\nMAP@3: %.4f by models and index together (guessing at random scores 0.3667, the longest option "
      "first %.4f).\n"
      "The index finds the passage that has the answer; the models, which are tiny and know nothing, read it.\n",
      score_table(exam, answers.models, combination).c_str(), map_at_3(rankings, exam.questions),
      map_at_3_by_length(exam));
  std::vector<std::string> degradations = answers.degradations();
  for (const std::string& sentence : retrieval.degradations())
    degradations.push_back(sentence);
  for (const std::string& sentence : degradations)
    std::printf("degraded: %s\n", sentence.c_str());
  return degradations.empty() ? ExitStatus::done : ExitStatus::degraded;
}

} // namespace sciexam::inline cli
