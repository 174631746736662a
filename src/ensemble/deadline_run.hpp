// An exam answered by several models before a deadline: everything if there is time, else what matters most.
#pragma once

#include "ensemble/exam_progress.hpp"
#include "ensemble/plan.hpp"
#include "inference/model_runner.hpp"
#include "inference/speed.hpp"
#include "inference/token_batches.hpp"
#include "support/clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

struct DeadlineOptions {
  std::optional<double> limit = {};         ///< seconds from now within which all must be done; nothing: no limit
  std::int64_t token_budget = kTokenBudget; ///< maximum of tokens at once
  /// Fewer tokens at once take as long as these: no batch is made smaller, and the first one, which measures the speed,
  /// has this size. 0: one question.
  std::int64_t efficient_tokens = 0;
  double expected_tokens_per_second = 50; ///< until it is measured
  double expected_load_seconds = 10;      ///< until it is measured
  /// Questions whose first guess has at least this probability get no further model; nothing: all get all models.
  std::optional<double> cascade = {};
  /// A reading as messages name it, such as "question q17"; if not set, by its question's number, from 1 on.
  std::function<std::string(std::size_t)> name_of_reading = nullptr;
};

/// Called while the run goes on; every function may be empty.
struct DeadlineEvents {
  std::function<void(const std::string&)> plan = nullptr; ///< a plan or a change of it, in words
  std::function<void(const Pass&, std::span<const std::size_t>)> pass_begins = nullptr; ///< what it will answer
  std::function<void(std::span<const std::size_t>)> answered = nullptr;                 ///< by the current pass
  std::function<bool()> stop = nullptr; ///< true: end as soon as possible (a signal came)
};

/// Passes and readings: see exam_progress.hpp. The first model that works answers every question with its first
/// context; what follows goes where it matters most. A reading with a sequence beyond kLongSequence is a long one: each
/// pass answers it alone, after all others, and within a share of the time that is left; its sequences are cut to what
/// should fit into that.
class DeadlineRun {
public:
  /// `readings` (all streams' one after the other) must outlive the run; the runner is asked for readings.
  DeadlineRun(std::span<const QuestionLengths> readings, std::size_t streams, std::size_t models, const Clock& clock,
              ModelRunner& runner, DeadlineOptions options, DeadlineEvents events);

  /// Returns when all is answered, when the time is over, or when stop() is true.
  void run();

  /// Of every model, in order, to the readings.
  const std::vector<PartialAnswers>& answers() const noexcept { return progress_.answers; }
  /// How long the last model's loading took.
  double load_seconds() const noexcept { return load_seconds_; }
  /// What was not done, one sentence each; empty after a full run.
  const std::vector<std::string>& given_up() const noexcept { return given_up_; }

private:
  /// Readings that a pass is to answer, in order: those up to `settled` are answered or given up.
  struct Pending {
    std::vector<std::size_t> readings;
    std::size_t settled = 0;

    std::span<std::size_t> rest() { return std::span(readings).subspan(settled); }
  };

  double left() const;
  bool out_of_time() const;
  bool stopped() const;
  bool load(std::size_t model);
  void answer_all(std::size_t pass);
  void answer_most_useful(std::size_t pass);
  void answer_long(std::size_t pass, std::vector<std::size_t> readings);
  std::size_t model_of(std::size_t pass) const { return progress_.passes()[pass].model; }
  bool answer_next(std::size_t model, Pending& pending, std::int64_t max_length);
  std::span<std::size_t> next_batch(std::span<std::size_t> pending, std::int64_t max_length) const;
  BatchAnswers::End answer_batch(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length,
                                 double allowed_seconds);
  void use_less_memory(std::size_t model, std::span<const std::size_t> unanswered, Pending& pending,
                       std::int64_t max_length);
  void give_up_model(std::size_t model, const std::string& why);
  void give_up(std::span<const std::size_t> readings, const std::string& why);
  void report_given_up(std::size_t model);
  std::int64_t choose_max_length(std::int64_t current);
  void shortest_first(std::span<std::size_t> pending, std::int64_t max_length) const;
  double seconds_for_long(std::size_t pass, std::size_t count) const;
  double seconds_of_loading(std::span<const Pass> passes) const;
  std::int64_t length_within(std::size_t reading, double seconds) const;

  std::vector<std::size_t> plan_for(std::size_t pass, bool announced);
  bool plan_is_stale(double planned) const;
  void announce_outlook(std::size_t pass) const;
  std::string plan_begins() const;
  void say(const std::string& text) const;

  ExamProgress progress_;
  const Clock& clock_;
  ModelRunner& runner_;
  DeadlineOptions options_;
  DeadlineEvents events_;
  double start_, reserve_ = 0;
  double replan_seconds_; ///< a plan is reviewed after this long
  SpeedEstimate speed_;
  double load_seconds_, planned_speed_ = 0;
  double step_seconds_ = 0;           ///< between the last two checks whether to stop
  LengthHistogram pending_lengths_;   ///< of usual readings
  std::optional<std::size_t> loaded_; ///< the model that is
  std::vector<std::string> given_up_;
};

} // namespace sciexam::inline ensemble
