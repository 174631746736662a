// The run: questions in, rankings out, one model in memory at a time.
#pragma once

#include "ensemble/batches.hpp"
#include "ensemble/combine.hpp"
#include "ensemble/deadline_run.hpp"
#include "gpu/device_set.hpp"
#include "model/weights.hpp"
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
  PartialAnswers logits; ///< one a question, in question order; empty where there was no time
};

/// The token sequences of all questions; the template is the package's. On `threads` threads.
/// Says in one line how many open-book questions had to lose tokens of prompt or option.
std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads);

/// Bytes that answering with `tokens` tokens at once will need: weights that are stored as `stored`, activations, the
/// program.
std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens);

/// Throws UsageError if a model of the package cannot answer in that precision. One that cannot be read is passed over.
void require_precision(const Package& package, Precision precision);

/// Builds the network of model `index` and fills it from the package, every byte hash-checked.
/// Throws PackageError if that model cannot be used, UsageError if it cannot be in that precision.
DebertaForMultipleChoice load_model(const Package& package, std::size_t index, int threads,
                                    Precision precision = Precision::as_stored);

/// One element a question of the batch. With `stop`, asked between layers: nothing once that is true.
std::optional<std::vector<OptionLogits>> answer_batch(const DebertaForMultipleChoice& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, std::function<bool()> stop = nullptr);

/// Runs one network over all questions, showing progress under `label`.
std::vector<OptionLogits> answer(const DebertaForMultipleChoice& network, std::span<const EncodedQuestion> questions,
                                 const std::string& label);

/// What one model did, for the summary.
struct ModelWork {
  std::string name = {};
  std::size_t questions = 0; ///< answered
  std::uint64_t tokens = 0;
  double load_seconds = 0, answer_seconds = 0;
};

/// What became of a run over all models of a package.
struct EnsembleAnswers {
  std::vector<ModelAnswers> models;  ///< those that answered at least one question
  std::vector<ModelWork> work;       ///< of the models that were loaded
  std::vector<std::string> failures; ///< one sentence for each that could not
  std::vector<std::string> given_up; ///< what was left undone for lack of time, one sentence each
};

/// How a package's models answer.
struct EnsembleRequest {
  int threads = 1;
  Precision precision = Precision::as_stored;
  std::vector<double> weights = {}; ///< one for each of the package's models, or empty for the manifest's own
  double time_limit = kNoTimeLimit; ///< seconds from now; see DeadlineRun
  double cascade = kNoCascade;      ///< see DeadlineOptions
  DeviceSet* devices = nullptr;     ///< GPUs beside the CPU; they have a precision of their own
  /// Called every kImprovementInterval and after each model, with the answers so far.
  std::function<void(const EnsembleAnswers&)> improved = nullptr;
  std::function<bool()> stop = nullptr; ///< true: end as soon as possible
};

inline constexpr double kImprovementInterval = 20; // seconds

/// Runs the models one after the other. One that cannot be used (damaged, inconsistent) is left out and named
/// in `failures`.
EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions,
                                     const EnsembleRequest& request);

/// Rankings of all questions, from at least one model's answers; by the options' lengths where no model answered.
std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     Combine combine);

/// The logits that models gave for one question, and those models' weights.
struct QuestionAnswers {
  std::vector<OptionLogits> logits;
  std::vector<double> weights;
};
QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question);

} // namespace sciexam
