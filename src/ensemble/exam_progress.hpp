// The answers of several models so far, and what is still worth asking.
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

class ExamProgress {
public:
  /// `questions` must outlive it. `cascade` and `name_of_question`: see DeadlineOptions.
  ExamProgress(std::span<const QuestionLengths> questions, std::size_t models, std::optional<double> cascade,
               std::function<std::string(std::size_t)> name_of_question);

  std::vector<PartialAnswers> answers;             ///< of every model
  std::vector<bool> usable;                        ///< models that have not failed
  std::map<std::size_t, std::string> unanswerable; ///< questions that the current model cannot answer, and why

  std::size_t models() const noexcept { return answers.size(); }
  std::size_t questions() const noexcept { return questions_.size(); }
  /// True for a question with a sequence beyond kLongSequence; the others are the "usual" ones.
  bool is_long(std::size_t question) const;
  /// Tokens of a question's longest sequence.
  std::int64_t longest_of(std::size_t question) const;
  /// Tokens of the longest sequence of usual questions, 0 if there are none.
  std::int64_t longest_usual() const noexcept { return longest_usual_; }
  /// Tokens of all usual questions.
  std::int64_t usual_tokens() const noexcept { return usual_tokens_; }
  const QuestionLengths& lengths_of(std::size_t question) const { return questions_[question]; }
  /// Tokens of a question whose sequences are cut to max_length.
  std::int64_t tokens_of(std::size_t question, std::int64_t max_length) const;
  /// The work of answering it, in tokens of usual questions.
  std::int64_t work_of(std::size_t question, std::int64_t max_length) const;

  std::size_t count_usable(std::size_t first_model) const;
  std::size_t count_answers(std::size_t question) const;
  /// True if the model has answered the question, or cannot.
  bool is_settled(std::size_t model, std::size_t question) const;
  /// See expected_loss(), by the mean of the probabilities so far; 0 if the question needs no further model.
  double loss_of(std::size_t question) const;

  /// A plan for the usable models from `model` on, and what that one is to answer: the most useful first; the longest
  /// first if all can be answered.
  struct ModelPlan {
    EnsemblePlan plan;
    std::vector<std::size_t> questions;
  };
  ModelPlan plan_for(std::size_t model, const PlanLimits& limits) const;
  /// "model 2 answers 100, model 3 answers 20"
  std::string describe(const EnsemblePlan& plan, std::size_t model) const;

  std::string name_of(std::size_t question) const;
  /// "question 2, question 7 and 3 more"
  std::string names_of(std::span<const std::size_t> questions) const;
  /// What is missing, one sentence each. `ended_early`: there was no time for what a cascade left open.
  std::vector<std::string> missing(bool ended_early) const;

private:
  std::span<const QuestionLengths> questions_;
  std::optional<double> cascade_;
  std::function<std::string(std::size_t)> name_of_question_;
  std::int64_t longest_usual_ = 0, usual_tokens_ = 0;
};

} // namespace sciexam::inline ensemble
