// An exam as the models of one package read it, and what that leaves to plan before the first answer.
#pragma once

#include "inference/encoding.hpp"
#include "inference/token_batches.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"
#include "tokenizer/question_encoding.hpp"
#include "tokenizer/tokenizer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

/// How questions become sequences.
struct ReadingOptions {
  TemplateOptions template_options = {};
  std::size_t streams = 1; ///< of a question's contexts, at most so many are read, each on its own
};

/// The questions of an exam, or, where several contexts of each are read, all readings (see exam_progress.hpp).
class PackageExam {
public:
  /// `questions` must outlive it.
  PackageExam(std::span<const Question> questions, Tokenizer tokenizer, const ReadingOptions& options);
  PackageExam(PackageExam&&) = default; // spans of the vectors stay valid
  PackageExam& operator=(PackageExam&&) = delete;
  ~PackageExam() = default;

  /// On `threads` threads. `stop`: see encode_exam().
  void encode(int threads, const std::function<bool()>& stop = nullptr);

  std::size_t questions() const noexcept { return questions_.size(); }
  std::size_t streams() const noexcept { return streams_; }
  std::span<const Question> readings() const noexcept { return readings_; }
  const TemplateOptions& template_options() const noexcept { return template_options_; }
  /// The package's, for readings that must be shortened later.
  const Tokenizer& tokenizer() const noexcept { return tokenizer_; }
  /// Of the readings; those of a context that a question does not have are empty.
  std::span<const EncodedQuestion> encoded() const noexcept { return encoded_.questions; }
  /// Tokens of each option of each reading.
  std::span<const QuestionLengths> lengths() const noexcept { return lengths_; }

  /// A question's reading as messages name it: by its id, shortened, and from the second context on by that.
  std::string name_of(std::size_t reading) const;
  /// The questions that the models see only in part, as a sentence; empty if there are none.
  std::string cut_questions() const;
  /// Tokens of these readings.
  std::uint64_t tokens_of(std::span<const std::size_t> some) const;

private:
  bool exists(std::size_t reading) const;

  std::span<const Question> questions_;
  std::size_t streams_ = 1;
  std::vector<Question> with_contexts_; ///< the readings, where there are several streams
  std::span<const Question> readings_;
  TemplateOptions template_options_;
  Tokenizer tokenizer_;
  EncodedExam encoded_;
  std::vector<QuestionLengths> lengths_;
};

/// Encodes with the package's vocabulary. `questions` must outlive the result.
PackageExam encode_for(const Package& package, std::span<const Question> questions, const ReadingOptions& options,
                       int threads, const std::function<bool()>& stop = nullptr);

/// As many tokens at once as memory permits to every model of the package; those of one usual question at least.
/// Which model answers which question is planned later and again (DeadlineRun), when speeds are known.
std::int64_t plan_token_budget(const Package& package, Precision precision, std::span<const QuestionLengths> lengths);

} // namespace sciexam::inline ensemble
