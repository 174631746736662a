// An exam as the models of one package read it, and what that leaves to plan before the first answer.
#pragma once

#include "inference/encoding.hpp"
#include "inference/token_batches.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"
#include "tokenizer/tokenizer.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

struct PackageExam {
  std::span<const Question> questions;
  Tokenizer tokenizer; ///< the package's, for questions that must be shortened later
  EncodedExam encoded;
  std::vector<QuestionLengths> lengths; ///< tokens of each option of each question

  /// A question as messages name it: its id, shortened.
  std::string name_of(std::size_t question) const;
  /// The questions that the models see only in part, as a sentence; empty if there are none.
  std::string cut_questions() const;
  /// Tokens of these questions.
  std::uint64_t tokens_of(std::span<const std::size_t> some) const;
};

/// Encodes with the package's vocabulary and template, on `threads` threads. `questions` must outlive the result.
/// `stop`: see encode_exam().
PackageExam encode_for(const Package& package, std::span<const Question> questions, int threads,
                       const std::function<bool()>& stop = nullptr);

/// As many tokens at once as memory permits to every model of the package; those of one usual question at least.
/// Which model answers which question is planned later and again (DeadlineRun), when speeds are known.
std::int64_t plan_token_budget(const Package& package, Precision precision, std::span<const QuestionLengths> lengths);

} // namespace sciexam::inline ensemble
