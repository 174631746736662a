#include "cli/reports.hpp"

#include "exam/csv.hpp"
#include "exam/metrics.hpp"
#include "support/files.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace sciexam {
namespace {

std::string format(const char* form, auto... values) {
  char text[256];
  std::snprintf(text, sizeof text, form, values...);
  return text;
}

std::string table_row(const std::string& name, std::span<const Ranking> rankings, const Exam& exam) {
  return format("  %-28s %6.4f   %6.4f\n", name.c_str(), map_at_3(rankings, exam.questions),
                accuracy(rankings, exam.questions));
}

void write_row(AtomicFile& file, const std::string& id, const std::string& model, OptionScores scores) {
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  std::string line = csv_cell(id) + "," + csv_cell(model);
  for (const double score : scores)
    line += format(",%.9g", score / sum);
  file.write(line + "\n");
}

} // namespace

std::string describe(const Package& package) {
  const Manifest& manifest = package.manifest();
  return manifest.title + " (" + std::to_string(manifest.models.size()) + " models, " +
         std::string(name_of(manifest.template_kind)) + ", identity " + manifest.identity.substr(0, 16) + ")";
}

void write_probabilities(const std::filesystem::path& file, std::span<const Question> questions,
                         std::span<const ModelAnswers> models, Combine combine) {
  AtomicFile out(file);
  out.write("id,model,A,B,C,D,E\n");
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (const ModelAnswers& model : models)
      if (model.logits[q])
        write_row(out, questions[q].id, model.name, softmax(*model.logits[q]));
    const QuestionAnswers answers = answers_of(models, q);
    if (answers.logits.empty())
      continue;
    // Means of logits are no probabilities until they have gone through a softmax.
    OptionScores ensemble = combine_scores(combine, answers.logits, answers.weights);
    if (combine == Combine::mean_logits) {
      OptionLogits mean{};
      std::copy(ensemble.begin(), ensemble.end(), mean.begin());
      ensemble = softmax(mean);
    }
    write_row(out, questions[q].id, "ensemble", ensemble);
  }
  out.commit();
}

std::string score_table(const Exam& exam, std::span<const ModelAnswers> models) {
  std::string text = "  model                         MAP@3   accuracy\n";
  for (const ModelAnswers& model : models)
    text += table_row(model.name, combine_answers({&model, 1}, exam.questions, Combine::mean_softmax), exam);
  for (const Combine combine :
       {Combine::mean_softmax, Combine::mean_logits, Combine::mean_plus_max, Combine::weighted, Combine::vote})
    text +=
        table_row("ensemble, " + std::string(name_of(combine)), combine_answers(models, exam.questions, combine), exam);
  return text;
}

ExitStatus report_run(const Exam& exam, const EnsembleAnswers& answers, Combine combine,
                      const std::filesystem::path& output) {
  const std::string questions = std::to_string(exam.questions.size()) + " questions";
  if (answers.models.empty())
    std::printf("%s: %s answered by the length of their options only: no model %s\n", output.c_str(), questions.c_str(),
                answers.given_up.empty() ? "could be used" : "had time");
  else
    std::printf("%s: %s answered by %zu models, %s\n", output.c_str(), questions.c_str(), answers.models.size(),
                std::string(name_of(combine)).c_str());
  if (exam.has_answers && !answers.models.empty())
    std::fputs(score_table(exam, answers.models).c_str(), stdout);
  for (const std::string& failure : answers.failures)
    std::printf("degraded: %s\n", failure.c_str());
  for (const std::string& given_up : answers.given_up)
    std::printf("degraded: %s\n", given_up.c_str());
  if (answers.models.empty() && answers.given_up.empty())
    return ExitStatus::failed;
  return answers.failures.empty() && answers.given_up.empty() ? ExitStatus::done : ExitStatus::degraded;
}

} // namespace sciexam
