#include "answer/answer_page.hpp"

#include "ensemble/run_summary.hpp"
#include "exam/metrics.hpp"
#include "exam/submission.hpp"
#include "report/answer_report.hpp"
#include "support/files/files.hpp"
#include "support/messages/progress.hpp"
#include "support/text/numbers.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline answer {
namespace {

constexpr std::size_t kUncertainQuestions = 12;
constexpr std::size_t kShownText = 400; // bytes of a prompt or an option

using Probabilities = std::vector<std::optional<OptionScores>>;

Probabilities probabilities_of(const ModelAnswers& model) {
  Probabilities all;
  for (const std::optional<OptionLogits>& logits : model.logits)
    all.push_back(logits ? std::optional(softmax(*logits)) : std::nullopt);
  return all;
}

std::vector<ModelReport> model_reports(const Exam& exam, const EnsembleAnswers& answers) {
  std::vector<ModelReport> reports;
  for (const ModelAnswers& model : answers.models) {
    ModelReport& report = reports.emplace_back(ModelReport{.name = model.name});
    for (const ModelWork& work : answers.work)
      if (work.name == model.name) {
        report.questions = std::max(report.questions, work.questions);
        report.tokens += work.tokens;
        report.load_seconds += work.load_seconds;
        report.answer_seconds += work.answer_seconds;
      }
    if (exam.has_answers) {
      const std::vector<Ranking> rankings = combine_answers({&model, 1}, exam.questions, Combine::mean_softmax);
      report.map_at_3 = map_at_3(rankings, exam.questions);
      report.accuracy = accuracy(rankings, exam.questions);
    }
  }
  return reports;
}

std::vector<CalibrationPoint> calibration_points(const Probabilities& probabilities, const Exam& exam) {
  std::vector<CalibrationPoint> points;
  for (const CalibrationStep& step : calibration(probabilities, exam.questions))
    points.push_back({step.probability, step.right});
  return points;
}

UncertainQuestion describe_question(const Exam& exam, std::size_t q, const EnsembleAnswers& answers,
                                    const Combination& combination) {
  const Question& question = exam.questions[q];
  const OptionScores ensemble = *ensemble_probabilities(answers.models, q, combination, question);
  UncertainQuestion shown;
  shown.id = question.id;
  shown.prompt = beginning_of(question.prompt, kShownText);
  std::transform(question.options.begin(), question.options.end(), shown.options.begin(),
                 [](const std::string& option) { return beginning_of(option, kShownText); });
  shown.guesses = format_prediction(with_empty_options_last(rank_by_scores(ensemble), question));
  if (question.answer)
    shown.answer = std::string(1, static_cast<char>('A' + *question.answer));
  for (const ModelAnswers& model : answers.models)
    if (model.logits[q])
      shown.probabilities.emplace_back(model.name, softmax(*model.logits[q]));
  if (const std::optional<OptionScores> index = combination.index_probabilities(q))
    shown.probabilities.emplace_back(kIndexMember, *index);
  shown.probabilities.emplace_back("ensemble", ensemble);
  return shown;
}

/// The passages of all contexts, in their order.
std::vector<std::array<std::string, 3>> describe_passages(const FoundPassages& found) {
  std::vector<std::array<std::string, 3>> shown;
  const auto add = [&](std::span<const FoundPassage> passages, const std::string& which) {
    for (const FoundPassage& passage : passages)
      shown.push_back({passage.title + which, format_fixed(passage.score, 2), beginning_of(passage.text, kShownText)});
  };
  add(found.passages, "");
  for (std::size_t i = 0; i < found.further.size(); ++i)
    add(found.further[i], " (context " + std::to_string(i + 2) + ")");
  return shown;
}

void add_highlights(AnswerReport& report, const Exam& exam, const EnsembleAnswers& answers,
                    const Combination& combination, const RunStages& stages) {
  report.highlights = {{"questions", std::to_string(exam.questions.size())},
                       {"models", std::to_string(answers.models.size())},
                       {"time", format_duration(stages.total)}};
  if (!exam.has_answers || answers.models.empty())
    return;
  const std::vector<Ranking> rankings = combine_answers(answers.models, exam.questions, combination);
  report.highlights.emplace_back("MAP@3", format_fixed(map_at_3(rankings, exam.questions), 4));
  report.highlights.emplace_back("accuracy", format_fixed(accuracy(rankings, exam.questions), 4));
}

} // namespace

void write_answer_page(const std::filesystem::path& file, const Exam& exam, const EnsembleAnswers& answers,
                       std::span<const FoundPassages> passages, const Combination& combination, const RunFacts& facts,
                       const std::vector<std::string>& degradations, const RunStages& stages) {
  AnswerReport report{.title = "Answers to the exam", .subtitle = "sciexam-run, ensemble by " + describe(combination)};
  report.notices = degradations;
  add_highlights(report, exam, answers, combination, stages);
  report.models = model_reports(exam, answers);
  for (const ModelAnswers& a : answers.models) {
    std::vector<double>& row = report.agreement.emplace_back();
    for (const ModelAnswers& b : answers.models)
      row.push_back(agreement(a, b));
  }
  Probabilities ensemble;
  for (std::size_t q = 0; q < exam.questions.size(); ++q)
    ensemble.push_back(ensemble_probabilities(answers.models, q, combination, exam.questions[q]));
  report.margins = margin_histogram(ensemble);
  report.stages.emplace_back("preparing", stages.preparing);
  for (const ModelWork& work : answers.work) {
    if (work.load_seconds > 0)
      report.stages.emplace_back("loading " + work.name, work.load_seconds);
    report.stages.emplace_back(name_of(work), work.answer_seconds);
  }
  for (const std::size_t q : least_certain(ensemble, kUncertainQuestions)) {
    UncertainQuestion& shown = report.least_certain.emplace_back(describe_question(exam, q, answers, combination));
    if (!passages.empty())
      shown.passages = describe_passages(passages[q]);
  }
  if (exam.has_answers && !answers.models.empty()) {
    for (const ModelAnswers& model : answers.models)
      report.calibration.emplace_back(model.name, calibration_points(probabilities_of(model), exam));
    report.calibration.emplace_back("ensemble", calibration_points(ensemble, exam));
  }
  report.facts = facts;
  write_file_atomically(file, answer_report(report));
}

} // namespace sciexam::inline answer
