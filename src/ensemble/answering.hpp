// The run: questions in, rankings out, one model in memory at a time.
#pragma once

#include "ensemble/batches.hpp"
#include "ensemble/combine.hpp"
#include "package/package.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// One model's answers.
struct ModelAnswers {
  std::string name;
  double weight = 1;
  std::vector<OptionLogits> logits; ///< one a question, in question order
};

/// Tokens that go through the network at once: eight times rows_of_product().
inline constexpr std::int64_t kTokenBudget = 4224;

/// The token sequences of all questions; the template is the package's. On `threads` threads.
/// Says in one line how many open-book questions had to lose tokens of prompt or option.
std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads);

/// Builds the network of model `index` and fills it from the package, every byte hash-checked.
/// Throws PackageError if that model cannot be used.
DebertaForMultipleChoice load_model(const Package& package, std::size_t index, int threads);

/// Runs one network over all questions, showing progress under `label`.
std::vector<OptionLogits> answer(const DebertaForMultipleChoice& network, std::span<const EncodedQuestion> questions,
                                 const std::string& label);

/// What became of a run over all models of a package.
struct EnsembleAnswers {
  std::vector<ModelAnswers> models;  ///< those that answered
  std::vector<std::string> failures; ///< one sentence for each that could not
};

/// Runs the models one after the other; `after_model` is called with the answers so far whenever
/// one has ended. A model that cannot be used (damaged, inconsistent) is left out and named in `failures`. `weights`
/// are the models' (all of the package's, in its order), or empty for the manifest's own.
EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions, int threads,
                                     std::span<const double> weights,
                                     const std::function<void(const EnsembleAnswers&)>& after_model);

/// Rankings of all questions, from at least one model's answers.
std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, Combine combine);

} // namespace sciexam
