// The answers of several models so far, and what is still worth asking.
//
// A reading is a question with one of its contexts: of n questions, reading s * n + q is question q with its context s
// (the stream). A pass is one model over the readings of one stream.
#pragma once

#include "ensemble/plan.hpp"
#include "inference/logits.hpp"
#include "inference/token_batches.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

struct Pass {
  std::size_t model = 0, stream = 0;
};

class ExamProgress {
public:
  /// `readings` must outlive it: `streams` times as many as there are questions; those of a further stream that have no
  /// tokens do not exist. `cascade` and `name_of_reading`: see DeadlineOptions.
  ExamProgress(std::span<const QuestionLengths> readings, std::size_t streams, std::size_t models,
               std::optional<double> cascade, std::function<std::string(std::size_t)> name_of_reading);

  std::vector<PartialAnswers> answers;             ///< of every model, to the readings
  std::vector<bool> usable;                        ///< models that have not failed
  std::map<std::size_t, std::string> unanswerable; ///< readings that the current pass cannot answer, and why

  std::size_t models() const noexcept { return answers.size(); }
  std::size_t streams() const noexcept { return usual_tokens_.size(); }
  std::size_t questions() const noexcept { return readings_.size() / streams(); }
  /// The passes, in order: all models with the first context, then with the next, the last model first, and so on to
  /// and fro, so that the model that is loaded goes on.
  std::span<const Pass> passes() const noexcept { return passes_; }
  std::size_t question_of(std::size_t reading) const { return reading % questions(); }
  std::size_t stream_of(std::size_t reading) const { return reading / questions(); }

  /// True for a reading with a sequence beyond kLongSequence; the others are the "usual" ones.
  bool is_long(std::size_t reading) const;
  /// Tokens of a reading's longest sequence.
  std::int64_t longest_of(std::size_t reading) const;
  /// Tokens of the longest sequence of usual readings, 0 if there are none.
  std::int64_t longest_usual() const noexcept { return longest_usual_; }
  /// Tokens of all usual readings of a stream.
  std::int64_t usual_tokens(std::size_t stream) const { return usual_tokens_[stream]; }
  const QuestionLengths& lengths_of(std::size_t reading) const { return readings_[reading]; }
  /// Tokens of a reading whose sequences are cut to max_length.
  std::int64_t tokens_of(std::size_t reading, std::int64_t max_length) const;
  /// The work of answering it, in tokens of usual readings.
  std::int64_t work_of(std::size_t reading, std::int64_t max_length) const;
  /// The work of answering all of a stream.
  std::int64_t work_of_stream(std::size_t stream) const;
  /// All readings of a stream that exist.
  std::vector<std::size_t> readings_of(std::size_t stream) const;

  /// The passes of usable models from `pass` on.
  std::vector<Pass> passes_from(std::size_t pass) const;
  std::size_t count_answers(std::size_t question) const;
  /// True if the model has answered the reading, or cannot.
  bool is_settled(std::size_t model, std::size_t reading) const;
  /// See expected_loss(), by the mean of the probabilities so far; 0 if the question needs no further answer.
  double loss_of(std::size_t question) const;

  /// A plan for the passes from `pass` on, and what that one is to answer: the most useful first; the longest first if
  /// all can be answered. `loaded` is the model that is.
  struct PassPlan {
    EnsemblePlan plan;
    std::vector<std::size_t> readings;
  };
  PassPlan plan_for(std::size_t pass, std::optional<std::size_t> loaded, const PlanLimits& limits) const;
  /// "model 2 answers 100, model 3 answers 20, model 3 with context 2 answers 5"
  std::string describe(const EnsemblePlan& plan, std::size_t pass) const;

  std::string name_of(std::size_t reading) const;
  /// "question 2, question 7 and 3 more"
  std::string names_of(std::span<const std::size_t> readings) const;
  /// What is missing, one sentence each. `ended_early`: there was no time for what a cascade left open.
  std::vector<std::string> missing(bool ended_early) const;

private:
  std::size_t count_missing(const Pass& pass) const;

  std::span<const QuestionLengths> readings_;
  std::vector<Pass> passes_;
  std::optional<double> cascade_;
  std::function<std::string(std::size_t)> name_of_reading_;
  std::int64_t longest_usual_ = 0;
  std::vector<std::int64_t> usual_tokens_; ///< [streams]
};

/// How many of the passes, one after the other, need another model than is loaded.
std::size_t count_loads(std::span<const Pass> passes, std::optional<std::size_t> loaded);

/// "model 2", "model 2 with context 3".
std::string name_of(const Pass& pass);

} // namespace sciexam::inline ensemble
