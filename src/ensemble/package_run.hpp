// The models of a package over an exam: questions in, answers out, one model in memory at a time.
#pragma once

#include "ensemble/answers.hpp"
#include "ensemble/deadline_run.hpp"
#include "ensemble/package_exam.hpp"
#include "gpu/device_set.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

/// What one model did with one context of the questions, for the summary.
struct ModelWork {
  std::string name = {};
  std::size_t context = 0;   ///< which of the questions' contexts it read, from 0 on
  std::size_t questions = 0; ///< answered
  std::uint64_t tokens = 0;
  double load_seconds = 0, answer_seconds = 0;
};

/// "run_0", "run_0, context 2".
std::string name_of(const ModelWork& work);

/// What became of a run over all models of a package.
struct EnsembleAnswers {
  std::vector<ModelAnswers> models;      ///< those that answered at least one question
  std::vector<ModelWork> work;           ///< of the models that were loaded
  std::vector<std::string> failures;     ///< the models that could not be used, one sentence each
  std::vector<std::string> lost_devices; ///< the GPUs that were lost on the way, one sentence each
  std::vector<std::string> given_up;     ///< what was left undone for lack of time or memory, one sentence each

  /// All of those sentences; empty if nothing is missing.
  std::vector<std::string> degradations() const;
};

/// How a package's models answer.
struct EnsembleRequest {
  int threads = 1;
  Precision precision = Precision::as_stored;
  /// Of answer_with_ensemble(); nothing: the package's template and one context a question.
  std::optional<ReadingOptions> reading = {};
  Combine combine_contexts = Combine::mean_plus_max; ///< a model's answers with a question's different contexts
  std::vector<double> weights = {};      ///< one for each of the package's models, or empty for the manifest's own
  std::optional<double> time_limit = {}; ///< seconds from now; see DeadlineOptions
  std::optional<double> cascade = {};    ///< see DeadlineOptions
  DeviceSet* devices = nullptr;          ///< GPUs in addition to the CPU; they have a precision of their own
  /// Called every kImprovementInterval and after each model, with the answers so far.
  std::function<void(const EnsembleAnswers&)> improved = nullptr;
  std::function<bool()> stop = nullptr; ///< true: end as soon as possible
};

inline constexpr double kImprovementInterval = 20; // seconds

/// Runs the models one after the other. One that cannot be used (damaged, inconsistent) is left out and named
/// in `failures`. The part of a question beyond kLongestSequence is left out and named in `given_up`.
/// `token_budget`: see plan_token_budget().
EnsembleAnswers answer_encoded(const Package& package, const PackageExam& exam, std::int64_t token_budget,
                               const EnsembleRequest& request);

/// Encodes, plans and answers; the time limit counts from the call.
EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions,
                                     EnsembleRequest request);

} // namespace sciexam::inline ensemble
