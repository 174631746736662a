#include "answer/run_report.hpp"

#include "ensemble/run_summary.hpp"
#include "exam/csv.hpp"
#include "exam/metrics.hpp"
#include "exam/question_hash.hpp"
#include "quantization/agreement.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>

namespace sciexam::inline answer {
namespace {

std::string table_row(const std::string& name, std::span<const Ranking> rankings, const Exam& exam) {
  return printed("  %-28s %6.4f   %6.4f\n", name.c_str(), map_at_3(rankings, exam.questions),
                 accuracy(rankings, exam.questions));
}

void write_row(AtomicFile& file, const Question& question, const std::string& model, const OptionScores& scores) {
  std::string line = csv_cell(question.id) + "," + csv_cell(model);
  for (const double score : scores)
    line += printed(",%.9g", score);
  file.write(line + "," + question_hash(question) + "\n");
}

/// "model  questions  tokens  loading  answering  tokens/s", a row each.
std::string work_table(const Exam& exam, const EnsembleAnswers& answers) {
  std::string text = "  model                          questions      tokens  loading  answering  tokens/s\n";
  for (const ModelWork& work : answers.work)
    text += printed("  %-28s %6zu/%-6zu %9llu %6.1f s %8.1f s %9.0f\n", name_of(work).c_str(), work.questions,
                    exam.questions.size(), static_cast<unsigned long long>(work.tokens), work.load_seconds,
                    work.answer_seconds,
                    work.answer_seconds > 0 ? static_cast<double>(work.tokens) / work.answer_seconds : 0);
  return text;
}

/// Of the questions that both answered.
Agreement agreement_of(const ModelAnswers& a, const ModelAnswers& b) {
  std::vector<OptionLogits> of_a, of_b;
  for (std::size_t q = 0; q < a.logits.size(); ++q)
    if (a.logits[q] && b.logits[q]) {
      of_a.push_back(*a.logits[q]);
      of_b.push_back(*b.logits[q]);
    }
  return compare(of_a, of_b);
}

} // namespace

void write_probabilities(const std::filesystem::path& file, std::span<const Question> questions,
                         std::span<const ModelAnswers> models, const Combination& combination) {
  AtomicFile out(file);
  out.write("id,model,A,B,C,D,E," + std::string(kQuestionHashColumn) + "\n");
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (const ModelAnswers& model : models)
      if (model.logits[q])
        write_row(out, questions[q], model.name, softmax(*model.logits[q]));
    if (const std::optional<OptionScores> index = combination.index_probabilities(q))
      write_row(out, questions[q], std::string(kIndexMember), *index);
    if (const std::optional<OptionScores> ensemble = ensemble_probabilities(models, q, combination, questions[q]))
      write_row(out, questions[q], "ensemble", *ensemble);
  }
  out.commit();
}

std::string score_table(const Exam& exam, std::span<const ModelAnswers> models, const Combination& combination) {
  std::string text = "  model                         MAP@3   accuracy\n";
  for (const ModelAnswers& model : models)
    text += table_row(model.name, combine_answers({&model, 1}, exam.questions, Combine::mean_softmax), exam);
  for (const Combine combine : all_combines())
    text +=
        table_row("ensemble, " + std::string(name_of(combine)), combine_answers(models, exam.questions, combine), exam);
  if (combination.retrieval_weight > 0 && !combination.retrieval.empty()) {
    Combination index_alone = combination;
    index_alone.retrieval_weight = 1;
    text += table_row(std::string(kIndexMember), combine_answers(models, exam.questions, index_alone), exam);
    text += table_row(
        printed("both, weights %.2f and %.2f", 1 - combination.retrieval_weight, combination.retrieval_weight),
        combine_answers(models, exam.questions, combination), exam);
  }
  return text;
}

std::string agreement_table(const Exam& exam, std::span<const ModelAnswers> bf16, std::span<const ModelAnswers> f32) {
  std::string text = "the same in f32\n" + score_table(exam, f32);
  for (const ModelAnswers& model : bf16)
    for (const ModelAnswers& same : f32)
      if (model.name == same.name)
        text += model.name + ", bf16 against f32: " + describe(agreement_of(model, same)) + "\n";
  return text;
}

std::vector<std::string> degradations_of(const Exam& exam, const EnsembleAnswers& answers,
                                         const std::string& writing_problem) {
  std::vector<std::string> all = answers.degradations();
  for (const BadRow& row : exam.bad_rows)
    all.push_back((row.id.empty() ? "left out, as its id is not known: " : "answered \"A B C\": ") + row.problem);
  if (!writing_problem.empty())
    all.push_back(writing_problem);
  return all;
}

std::string run_summary(const Exam& exam, const EnsembleAnswers& answers, const Combination& combination,
                        const std::filesystem::path& submission, std::span<const std::string> degradations,
                        bool searched) {
  std::string text = submission.string() + ": " + counted(exam.questions.size(), "question") + " answered by ";
  if (answers.models.empty())
    text += std::string(searched ? "what the passage index has" : "the length of their options") + " only: no model " +
            (answers.given_up.empty() ? "could be used" : "had time or memory") + "\n";
  else
    text += counted(answers.models.size(), "model") + ", " + describe(combination) + "\n" + work_table(exam, answers);
  if (exam.has_answers && !answers.models.empty())
    text += score_table(exam, answers.models, combination);
  for (const std::string& sentence : degradations)
    text += "degraded: " + sentence + "\n";
  return text;
}

} // namespace sciexam::inline answer
