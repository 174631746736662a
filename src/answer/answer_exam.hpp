// A run from the exam's file to its submission: read, retrieve, encode, plan, answer, combine, write.
#pragma once

#include "answer/package_use.hpp"
#include "ensemble/package_run.hpp"
#include "exam/question.hpp"
#include "gpu/device_set.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline answer {

/// What a run is asked for. Paths that are empty are found (answer/locate.hpp), or, of reports, not written.
struct AnswerRequest {
  std::string program = {}; ///< name and version, the first of the run's facts
  std::string package = {}, test = {}, output = {}, index = {};
  std::string probabilities = {}, report = {}; ///< reports to write beside the submission
  Combine combine = Combine::mean_softmax;
  Combine combine_contexts = Combine::mean_plus_max; ///< of a model's answers with different contexts
  ReadingChoice reading = {};
  std::vector<double> weights = {}; ///< one per model, or empty: the package's own
  PrecisionChoice precision = {};
  std::optional<double> retrieval_weight = {}; ///< see Combination; nothing: the package's own
  double time_limit = 0; ///< seconds for everything, from the start of the notebook's session or the program
  std::optional<double> cascade = {}; ///< see DeadlineOptions
  DeviceChoice devices = {};
  RetrievalSettings retrieval = {}; ///< how the index is searched, if there is one
  int threads = 1;
  bool lenient = false; ///< rows of the exam that cannot be read are answered "A B C"
};

struct AnswerOutcome {
  std::filesystem::path submission;
  Exam exam;
  EnsembleAnswers answers;
  std::vector<FoundPassages> passages;                          ///< [questions], or empty: nothing was searched
  std::vector<std::optional<OptionScores>> index_probabilities; ///< likewise
  double retrieval_weight = 0;                                  ///< of these in the submission
  std::vector<std::string> degradations;                        ///< what fell short, one sentence each
};

/// How the models' and the index's answers became the submission. `outcome` must outlive it.
Combination combination_of(const AnswerRequest& request, const AnswerOutcome& outcome);

/// Answers the exam. A valid submission is on disk from the moment the exam has been read, first by the options'
/// lengths, then, if there is a passage index, by what they find in it, then with the models' answers, renamed into
/// place whenever they are better.
///
/// Throws UsageError and InputError before anything is written. A damaged package (PackageError) is thrown only after
/// the first submission is written: an exam can still be answered by its options' lengths.
AnswerOutcome answer_exam(const AnswerRequest& request);

} // namespace sciexam::inline answer
