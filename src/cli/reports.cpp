#include "cli/reports.hpp"

#include "ensemble/run_summary.hpp"
#include "exam/csv.hpp"
#include "exam/metrics.hpp"
#include "quantization/agreement.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>

namespace sciexam {
namespace {

std::string table_row(const std::string& name, std::span<const Ranking> rankings, const Exam& exam) {
  return printed("  %-28s %6.4f   %6.4f\n", name.c_str(), map_at_3(rankings, exam.questions),
                 accuracy(rankings, exam.questions));
}

void write_row(AtomicFile& file, const std::string& id, const std::string& model, const OptionScores& scores) {
  std::string line = csv_cell(id) + "," + csv_cell(model);
  for (const double score : scores)
    line += printed(",%.9g", score);
  file.write(line + "\n");
}

/// "model  questions  tokens  loading  answering  tokens/s", a row each.
std::string work_table(const Exam& exam, const EnsembleAnswers& answers) {
  std::string text = "  model                          questions      tokens  loading  answering  tokens/s\n";
  for (const ModelWork& work : answers.work)
    text += printed("  %-28s %6zu/%-6zu %9llu %6.1f s %8.1f s %9.0f\n", work.name.c_str(), work.questions,
                    exam.questions.size(), static_cast<unsigned long long>(work.tokens), work.load_seconds,
                    work.answer_seconds,
                    work.answer_seconds > 0 ? static_cast<double>(work.tokens) / work.answer_seconds : 0);
  return text;
}

std::vector<OptionLogits> all_logits(const ModelAnswers& model) {
  std::vector<OptionLogits> logits;
  for (const auto& of_question : model.logits)
    logits.push_back(of_question.value());
  return logits;
}

} // namespace

std::string describe(const Package& package) {
  const Manifest& manifest = package.manifest();
  return manifest.title + (manifest.package_version.empty() ? "" : ", version " + manifest.package_version) + " (" +
         counted(manifest.models.size(), "model") + ", " + std::string(name_of(manifest.template_kind)) +
         ", identity " + manifest.identity.substr(0, 16) + ")";
}

void write_probabilities(const std::filesystem::path& file, std::span<const Question> questions,
                         std::span<const ModelAnswers> models, Combine combine) {
  AtomicFile out(file);
  out.write("id,model,A,B,C,D,E\n");
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (const ModelAnswers& model : models)
      if (model.logits[q])
        write_row(out, questions[q].id, model.name, softmax(*model.logits[q]));
    if (const std::optional<OptionScores> ensemble = ensemble_probabilities(models, q, combine))
      write_row(out, questions[q].id, "ensemble", *ensemble);
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

std::string agreement_table(const Exam& exam, std::span<const ModelAnswers> bf16, std::span<const ModelAnswers> f32) {
  std::string text = "the same in f32\n" + score_table(exam, f32);
  for (const ModelAnswers& model : bf16)
    for (const ModelAnswers& same : f32)
      if (model.name == same.name)
        text += model.name + ", bf16 against f32: " + describe(compare(all_logits(model), all_logits(same))) + "\n";
  return text;
}

std::vector<std::string> degradations_of(const Exam& exam, const EnsembleAnswers& answers,
                                         const std::string& writing_problem) {
  std::vector<std::string> all = answers.failures;
  all.insert(all.end(), answers.given_up.begin(), answers.given_up.end());
  for (const BadRow& row : exam.bad_rows)
    all.push_back((row.id.empty() ? "left out, as its id is not known: " : "answered \"A B C\": ") + row.problem);
  if (!writing_problem.empty())
    all.push_back(writing_problem);
  return all;
}

ExitStatus report_run(const Exam& exam, const EnsembleAnswers& answers, Combine combine,
                      const std::filesystem::path& output, const std::vector<std::string>& degradations) {
  const std::string questions = counted(exam.questions.size(), "question");
  if (answers.models.empty())
    std::printf("%s: %s answered by the length of their options only: no model %s\n", output.c_str(), questions.c_str(),
                answers.given_up.empty() ? "could be used" : "had time or memory");
  else
    std::printf("%s: %s answered by %s, %s\n%s", output.c_str(), questions.c_str(),
                counted(answers.models.size(), "model").c_str(), std::string(name_of(combine)).c_str(),
                work_table(exam, answers).c_str());
  if (exam.has_answers && !answers.models.empty())
    std::fputs(score_table(exam, answers.models).c_str(), stdout);
  for (const std::string& sentence : degradations)
    std::printf("degraded: %s\n", sentence.c_str());
  std::fflush(stdout);
  if (answers.models.empty() && answers.given_up.empty())
    return ExitStatus::failed;
  return degradations.empty() ? ExitStatus::done : ExitStatus::degraded;
}

} // namespace sciexam
