// An exam answered by several models before a deadline: everything if there is time, else what matters most.
#pragma once

#include "ensemble/plan.hpp"
#include "inference/model_runner.hpp"
#include "inference/speed.hpp"
#include "inference/token_batches.hpp"
#include "support/clock.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

inline constexpr double kNoCascade = 2;     ///< no probability is as high

struct DeadlineOptions {
  double limit = 0;                         ///< seconds from now within which all must be done
  std::int64_t token_budget = kTokenBudget; ///< tokens at once, at most
  /// Fewer tokens at once than these take as long: no batch is made smaller, and the first one, which measures the
  /// speed, is of this size. One question where it is 0.
  std::int64_t efficient_tokens = 0;
  double expected_tokens_per_second = 50; ///< until it is measured
  double expected_load_seconds = 10;      ///< until it is measured
  /// Questions whose first guess has this probability or more get no further model.
  double cascade = kNoCascade;
};

/// Told while the run goes on; every function may be empty.
struct DeadlineEvents {
  std::function<void(const std::string&)> plan = nullptr; ///< a plan or a change of it, in words
  std::function<void(std::size_t model, std::span<const std::size_t>)> model_begins = nullptr; ///< what it will answer
  std::function<void(std::span<const std::size_t>)> answered = nullptr;                        ///< by the model in work
  std::function<bool()> stop = nullptr; ///< true: end as soon as possible (a signal came)
};

class DeadlineRun {
public:
  /// `questions` must outlive the run.
  DeadlineRun(std::span<const QuestionLengths> questions, std::size_t models, const Clock& clock, ModelRunner& runner,
              DeadlineOptions options, DeadlineEvents events);

  /// Returns when all is answered, when the time is over, or when stop() is true.
  void run();

  /// Of every model, in order.
  const std::vector<PartialAnswers>& answers() const noexcept { return answers_; }
  /// How long the last model's loading took.
  double load_seconds() const noexcept { return load_seconds_; }
  /// What was not done, one sentence each; empty after a full run.
  const std::vector<std::string>& given_up() const noexcept { return given_up_; }

private:
  double left() const;
  bool out_of_time() const;
  bool stopped() const;
  bool load(std::size_t model);
  void answer_all(std::size_t model);
  void answer_most_useful(std::size_t model);
  std::vector<std::size_t> plan_for(std::size_t model, bool loaded);
  bool plan_is_stale(double planned) const;
  void announce_outlook(std::size_t model) const;
  void announce(const EnsemblePlan& plan, std::size_t model);
  std::size_t count_answers(std::size_t question) const;
  double loss_of(std::size_t question) const;
  std::int64_t tokens_of(std::size_t question, std::int64_t max_length) const;
  std::span<const std::size_t> next_batch(std::span<const std::size_t> pending, std::int64_t max_length) const;
  std::size_t answer_next(std::size_t model, std::span<const std::size_t> pending, std::int64_t max_length);
  bool answer_batch(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length);
  void use_less_memory(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length);
  std::int64_t choose_max_length(std::int64_t current);
  void tell_what_is_missing();
  void say(const std::string& text) const;

  std::span<const QuestionLengths> questions_;
  const Clock& clock_;
  ModelRunner& runner_;
  DeadlineOptions options_;
  DeadlineEvents events_;
  double start_, reserve_;
  SpeedEstimate speed_;
  double load_seconds_, planned_speed_ = 0;
  double step_seconds_ = 0; ///< between the last two questions whether to stop
  std::int64_t longest_ = 0;
  LengthHistogram pending_lengths_;
  std::vector<PartialAnswers> answers_;
  std::vector<bool> usable_; ///< models that have not failed
  std::vector<std::string> given_up_;
};

} // namespace sciexam
