#include "ensemble/deadline_run.hpp"

#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace sciexam {
namespace {

/// Kept free at the end, for writing the submission and for the last layer of a batch that runs late.
constexpr double kReservedPart = 0.01, kLeastReserve = 0.5, kMostReserve = 60;
/// A batch may take this part of the time left: a machine that turns slow is noticed, and little is lost at the end.
constexpr double kBatchPart = 1.0 / 40;
/// How often a plan is looked at again, as a part of the limit.
constexpr double kReplanPart = 1.0 / 200;
constexpr double kSpeedChange = 0.02;
/// After so long the measured speed is taken to be that of the whole run: the first batches are small and cold.
constexpr double kOutlookSeconds = 30;
/// The next layer may take this many times as long as the last one.
constexpr double kStepCaution = 3;
/// So many times its expected time must be left when a model's loading, which nothing can stop, begins.
constexpr double kLoadCaution = 3.5;
/// Sequences are not cut shorter than this: question and option would no longer be there.
constexpr std::int64_t kLeastLength = 48;
/// A cut is made for a speed this much lower than measured, so that it need not be made again at once.
constexpr double kCaution = 0.95;

} // namespace

DeadlineRun::DeadlineRun(std::span<const QuestionLengths> questions, std::size_t models, const Clock& clock,
                         ModelRunner& runner, DeadlineOptions options, DeadlineEvents events)
    : questions_(questions), clock_(clock), runner_(runner), options_(options), events_(std::move(events)),
      start_(clock.seconds()), reserve_(std::clamp(options.limit * kReservedPart, kLeastReserve, kMostReserve)),
      speed_(options.expected_tokens_per_second), load_seconds_(options.expected_load_seconds),
      answers_(models, PartialAnswers(questions.size())), usable_(models, true) {
  for (const QuestionLengths& question : questions)
    for (const std::int64_t length : question)
      longest_ = std::max<std::int64_t>(longest_, length);
}

double DeadlineRun::left() const {
  return start_ + options_.limit - reserve_ - clock_.seconds();
}

bool DeadlineRun::stopped() const {
  return events_.stop && events_.stop();
}

/// True if the next layer might not end in time.
bool DeadlineRun::out_of_time() const {
  return left() <= kStepCaution * step_seconds_;
}

void DeadlineRun::say(const std::string& text) const {
  if (events_.plan)
    events_.plan(text);
}

std::size_t DeadlineRun::count_answers(std::size_t question) const {
  return static_cast<std::size_t>(std::count_if(answers_.begin(), answers_.end(),
                                                [&](const PartialAnswers& all) { return all[question].has_value(); }));
}

/// By the mean of the probabilities so far; 0 if the question wants no further model.
double DeadlineRun::loss_of(std::size_t question) const {
  OptionScores mean{};
  std::size_t count = 0;
  for (const PartialAnswers& all : answers_)
    if (all[question]) {
      const OptionScores p = softmax(*all[question]);
      std::transform(mean.begin(), mean.end(), p.begin(), mean.begin(), std::plus<>());
      ++count;
    }
  for (double& p : mean)
    p /= static_cast<double>(std::max<std::size_t>(1, count));
  return *std::max_element(mean.begin(), mean.end()) >= options_.cascade ? 0 : std::max(expected_loss(mean), 1e-9);
}

std::int64_t DeadlineRun::tokens_of(std::size_t question, std::int64_t max_length) const {
  std::int64_t tokens = 0;
  for (const std::int64_t length : questions_[question])
    tokens += std::min(length, max_length);
  return tokens;
}

/// The first of the pending questions that fill a batch, which is small when little time is left.
std::span<const std::size_t> DeadlineRun::next_batch(std::span<const std::size_t> pending,
                                                     std::int64_t max_length) const {
  const double allowed = speed_.tokens_per_second() * left() * kBatchPart;
  const std::int64_t wanted =
      std::max(speed_.measured() ? static_cast<std::int64_t>(allowed) : 0, options_.efficient_tokens);
  const std::int64_t budget = std::min(options_.token_budget, wanted);
  return pending.first(
      count_in_batch(pending.size(), budget, [&](std::size_t i) { return tokens_of(pending[i], max_length); }));
}

/// False if it was stopped on the way: then there is no time left, or a signal came.
bool DeadlineRun::answer_batch(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length) {
  const double begin = clock_.seconds();
  double asked = begin;
  const std::optional<std::vector<OptionLogits>> logits = runner_.answer(batch, max_length, [&] {
    step_seconds_ = clock_.seconds() - asked;
    asked += step_seconds_;
    return stopped() || out_of_time();
  });
  if (!logits)
    return false;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answers_[model][batch[i]] = (*logits)[i];
    tokens += tokens_of(batch[i], max_length);
  }
  speed_.add(tokens, std::max(clock_.seconds() - begin, 1e-6));
  if (events_.answered)
    events_.answered(batch);
  return true;
}

/// After memory ran out for this batch: half as many tokens at once; if it is a single question, without this model.
void DeadlineRun::use_less_memory(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length) {
  const std::string name = "model " + std::to_string(model + 1);
  if (batch.size() == 1) {
    usable_[model] = false;
    given_up_.push_back(name + " was given up: memory ran out for a single question");
    say(given_up_.back());
    return;
  }
  std::int64_t tokens = 0;
  for (const std::size_t question : batch)
    tokens += tokens_of(question, max_length);
  options_.token_budget = std::max<std::int64_t>(1, std::min(options_.token_budget, tokens) / 2);
  say("memory ran out for " + counted(tokens, "token") + " at once: at most " + std::to_string(options_.token_budget) +
      " from here on");
}

/// Answers the first of the pending questions, and says how many; 0 when there is no time left, a signal came or
/// the model cannot be used any more.
std::size_t DeadlineRun::answer_next(std::size_t model, std::span<const std::size_t> pending, std::int64_t max_length) {
  while (usable_[model] && !stopped() && !out_of_time()) {
    const std::span<const std::size_t> batch = next_batch(pending, max_length);
    try {
      return answer_batch(model, batch, max_length) ? batch.size() : 0;
    } catch (const OutOfMemory&) {
      use_less_memory(model, batch, max_length);
    }
  }
  return 0;
}

bool DeadlineRun::load(std::size_t model) {
  const double begin = clock_.seconds();
  usable_[model] = runner_.load(model);
  if (usable_[model])
    load_seconds_ = clock_.seconds() - begin;
  return usable_[model];
}

/// What the pending sequences must be cut to so that the first model answers all questions in time.
std::int64_t DeadlineRun::choose_max_length(std::int64_t current) {
  if (!speed_.measured())
    return current;
  const auto budget = static_cast<std::int64_t>(speed_.tokens_per_second() * left());
  if (pending_lengths_.tokens(current) <= budget)
    return current;
  const std::int64_t cut =
      pending_lengths_.longest_within(static_cast<std::int64_t>(kCaution * static_cast<double>(budget)), kLeastLength);
  if (cut >= current)
    return current;
  runner_.hurry();
  say("at " + std::to_string(static_cast<std::int64_t>(speed_.tokens_per_second())) +
      " tokens/s the questions left do not fit into " + format_duration(left()) + ": sequences are cut to " +
      counted(cut, "token") + " from here on");
  return cut;
}

/// The first model that works answers every question, if need be with less of its text.
void DeadlineRun::answer_all(std::size_t model) {
  std::vector<std::size_t> pending(questions_.size());
  std::iota(pending.begin(), pending.end(), std::size_t{0});
  std::stable_sort(pending.begin(), pending.end(),
                   [this](std::size_t a, std::size_t b) { return tokens_of(a, longest_) > tokens_of(b, longest_); });
  pending_lengths_ = LengthHistogram();
  for (const QuestionLengths& question : questions_)
    for (const std::int64_t length : question)
      pending_lengths_.add(length);
  if (events_.model_begins)
    events_.model_begins(model, pending);
  std::int64_t max_length = longest_;
  double planned = -1e300; // never
  const double begin = clock_.seconds();
  bool announced = false;
  std::size_t done = 0;
  bool cut = false;
  while (done < pending.size()) {
    if (clock_.seconds() - planned >= options_.limit * kReplanPart) {
      const std::int64_t chosen = choose_max_length(max_length);
      cut = cut || chosen < max_length;
      max_length = chosen;
      planned = speed_.measured() ? clock_.seconds() : planned;
      if (max_length == kLeastLength) // not all will be answered: as many as can be, the shortest first
        std::stable_sort(
            pending.begin() + static_cast<std::ptrdiff_t>(done), pending.end(),
            [&](std::size_t a, std::size_t b) { return tokens_of(a, max_length) < tokens_of(b, max_length); });
    }
    const std::size_t answered = answer_next(model, std::span(pending).subspan(done), max_length);
    if (answered == 0)
      break;
    for (const std::size_t question : std::span(pending).subspan(done, answered))
      for (const std::int64_t length : questions_[question])
        pending_lengths_.remove(length);
    done += answered;
    if (!announced && done < pending.size() && clock_.seconds() - begin >= kOutlookSeconds) {
      announce_outlook(model);
      announced = true;
    }
  }
  if (cut)
    given_up_.push_back("sequences were cut to " + counted(max_length, "token") + ", for lack of time");
}

/// What everything takes at the speed of the first batches.
void DeadlineRun::announce_outlook(std::size_t model) const {
  if (options_.limit >= kNoTimeLimit)
    return;
  const auto further = static_cast<double>(usable_.size() - model - 1);
  double tokens = static_cast<double>(pending_lengths_.tokens(longest_));
  for (std::size_t q = 0; q < questions_.size(); ++q)
    tokens += further * static_cast<double>(tokens_of(q, longest_));
  const double needed = tokens / speed_.tokens_per_second() + further * load_seconds_;
  std::string text = "plan for " + format_duration(left()) + " at " +
                     std::to_string(static_cast<std::int64_t>(speed_.tokens_per_second())) + " tokens/s: all of " +
                     counted(questions_.size(), "question") + " by " + (further > 0 ? "all models" : "this model") +
                     " take about " + format_duration(needed);
  if (needed > left()) {
    runner_.hurry();
    text += further > 0 ? ", which do not fit: the first model answers all, further ones where they matter most"
                        : ", which do not fit";
  }
  say(text);
}

void DeadlineRun::announce(const EnsemblePlan& plan, std::size_t model) {
  if (options_.limit >= kNoTimeLimit)
    return; // there is nothing to plan
  std::string text = "plan for " + format_duration(left()) + " at " +
                     std::to_string(static_cast<std::int64_t>(speed_.tokens_per_second())) + " tokens/s: ";
  std::size_t at = model;
  for (const std::vector<std::size_t>& questions : plan.questions) {
    while (at < usable_.size() && !usable_[at])
      ++at;
    text +=
        (at == model ? "model " : ", model ") + std::to_string(at + 1) + " answers " + std::to_string(questions.size());
    ++at;
  }
  say(text + ", which takes " + format_duration(plan.seconds));
}

/// True if the speed has changed since the plan was made, at most once in kReplanPart of the limit.
bool DeadlineRun::plan_is_stale(double planned) const {
  return clock_.seconds() - planned >= options_.limit * kReplanPart &&
         std::abs(speed_.tokens_per_second() / planned_speed_ - 1) > kSpeedChange;
}

/// The questions that this model shall answer, the most useful first; longest first if all can be answered.
std::vector<std::size_t> DeadlineRun::plan_for(std::size_t model, bool loaded) {
  planned_speed_ = speed_.tokens_per_second();
  std::vector<std::size_t> open;
  std::vector<QuestionToPlan> to_plan;
  std::size_t fewest = usable_.size();
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (!answers_[model][q]) {
      open.push_back(q);
      to_plan.push_back({tokens_of(q, longest_), loss_of(q)});
      fewest = std::min(fewest, count_answers(q));
    }
  const auto models =
      static_cast<std::size_t>(std::count(usable_.begin() + static_cast<std::ptrdiff_t>(model), usable_.end(), true));
  const EnsemblePlan plan = plan_ensemble(to_plan, std::max<std::size_t>(1, fewest), models,
                                          {left(), speed_.tokens_per_second(), load_seconds_, loaded});
  std::vector<std::size_t> chosen;
  for (const std::size_t index : plan.questions.empty() ? std::vector<std::size_t>{} : plan.questions.front())
    chosen.push_back(open[index]);
  if (!plan.complete)
    runner_.hurry();
  else
    std::stable_sort(chosen.begin(), chosen.end(),
                     [this](std::size_t a, std::size_t b) { return tokens_of(a, longest_) > tokens_of(b, longest_); });
  if (!loaded)
    announce(plan, model);
  return chosen;
}

/// A further model answers what is planned for it, and the plan follows the speed.
void DeadlineRun::answer_most_useful(std::size_t model) {
  std::vector<std::size_t> pending = plan_for(model, true);
  if (events_.model_begins)
    events_.model_begins(model, pending);
  double planned = clock_.seconds();
  std::size_t done = 0;
  while (done < pending.size()) {
    const std::size_t answered = answer_next(model, std::span(pending).subspan(done), longest_);
    if (answered == 0)
      break;
    done += answered;
    if (plan_is_stale(planned) || done == pending.size()) {
      pending = plan_for(model, true);
      done = 0;
      planned = clock_.seconds();
    }
  }
}

void DeadlineRun::run() {
  bool first = true;
  step_seconds_ = 0;
  for (std::size_t model = 0; model < answers_.size() && !stopped() && !out_of_time(); ++model) {
    if (!first && (left() < kLoadCaution * load_seconds_ || plan_for(model, false).empty()))
      break;
    if (!load(model))
      continue;
    if (first)
      answer_all(model);
    else
      answer_most_useful(model);
    first = first && !usable_[model]; // memory may have run out on the way
  }
  tell_what_is_missing();
}

void DeadlineRun::tell_what_is_missing() {
  std::size_t unanswered = 0;
  for (std::size_t q = 0; q < questions_.size(); ++q)
    unanswered += count_answers(q) == 0;
  // Where no model can be used, time has nothing to do with it.
  if (unanswered > 0 && std::find(usable_.begin(), usable_.end(), true) != usable_.end())
    given_up_.push_back("no model has answered " + counted(unanswered, "question"));
  for (std::size_t model = 1; model < answers_.size(); ++model) {
    const auto missing = static_cast<std::size_t>(
        std::count_if(answers_[model].begin(), answers_[model].end(), [](const auto& answer) { return !answer; }));
    // With a cascade, certain questions want no further model.
    if (missing > 0 && usable_[model] && (options_.cascade == kNoCascade || stopped() || out_of_time()))
      given_up_.push_back("model " + std::to_string(model + 1) + " did not answer " + std::to_string(missing) + " of " +
                          counted(questions_.size(), "question"));
  }
}

} // namespace sciexam
