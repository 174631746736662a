#include "ensemble/deadline_run.hpp"

#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sciexam::inline ensemble {
namespace {

using End = BatchAnswers::End;

/// Kept free at the end, for writing the submission and for the last step of a batch that runs late.
constexpr double kReservedPart = 0.01, kLeastReserve = 0.5, kMostReserve = 60;
/// A batch may take this fraction of the time left: a machine that slows down is noticed, and little is lost at the
/// end.
constexpr double kBatchPart = 1.0 / 40;
/// How often a plan is reviewed, as a fraction of the limit.
constexpr double kReplanPart = 1.0 / 200;
/// A plan is remade if the speed has changed by this fraction.
constexpr double kSpeedChange = 0.02;
/// After this long the measured speed is taken to be that of the whole run: the first batches are small and cold.
constexpr double kOutlookSeconds = 30;
/// The next step may take this many times as long as the last one.
constexpr double kStepCaution = 3;
/// This many times its expected duration must be left when a model's loading, which nothing can stop, begins.
constexpr double kLoadCaution = 3.5;
/// Sequences are not cut shorter than this: question and option would be lost.
constexpr std::int64_t kLeastLength = 48;
/// A cut is made for a speed this much lower than measured, so that it need not be made again at once.
constexpr double kCaution = 0.95;
/// A long question is cut to what is expected to take this fraction of its time: the speed of attention is not
/// measured.
constexpr double kLongCaution = 0.5;

constexpr double kForever = std::numeric_limits<double>::infinity();

} // namespace

DeadlineRun::DeadlineRun(std::span<const QuestionLengths> readings, std::size_t streams, std::size_t models,
                         const Clock& clock, ModelRunner& runner, DeadlineOptions options, DeadlineEvents events)
    : progress_(readings, streams, models, options.cascade, options.name_of_reading), clock_(clock), runner_(runner),
      options_(std::move(options)), events_(std::move(events)), start_(clock.seconds()),
      replan_seconds_(options_.limit ? *options_.limit * kReplanPart : kForever),
      speed_(options_.expected_tokens_per_second), load_seconds_(options_.expected_load_seconds) {
  if (options_.limit)
    reserve_ = std::clamp(*options_.limit * kReservedPart, kLeastReserve, kMostReserve);
}

double DeadlineRun::left() const {
  return options_.limit ? start_ + *options_.limit - reserve_ - clock_.seconds() : kForever;
}

void DeadlineRun::say(const std::string& text) const {
  if (events_.plan)
    events_.plan(text);
}

/// "plan for 2 min 00 s at 500 tokens/s: "
std::string DeadlineRun::plan_begins() const {
  return "plan for " + format_duration(left()) + " at " +
         std::to_string(static_cast<std::int64_t>(speed_.tokens_per_second())) + " tokens/s: ";
}

bool DeadlineRun::stopped() const {
  return events_.stop && events_.stop();
}

/// True if the next step might not end in time.
bool DeadlineRun::out_of_time() const {
  return left() <= kStepCaution * step_seconds_;
}

/// The first of the pending readings that fill a batch, which is small when little time is left.
std::span<std::size_t> DeadlineRun::next_batch(std::span<std::size_t> pending, std::int64_t max_length) const {
  const double allowed = speed_.measured() ? speed_.tokens_per_second() * left() * kBatchPart : 0;
  const auto budget = static_cast<std::int64_t>(std::min(
      static_cast<double>(options_.token_budget), std::max(allowed, static_cast<double>(options_.efficient_tokens))));
  return pending.first(count_in_batch(pending.size(), budget,
                                      [&](std::size_t i) { return progress_.tokens_of(pending[i], max_length); }));
}

/// Keeps the answers that came, and gives up readings that cannot have one.
End DeadlineRun::answer_batch(std::size_t model, std::span<const std::size_t> batch, std::int64_t max_length,
                              double allowed_seconds) {
  const double begin = clock_.seconds();
  double asked = begin;
  const BatchAnswers answers = runner_.answer(batch, max_length, [&] {
    step_seconds_ = clock_.seconds() - asked;
    asked += step_seconds_;
    return stopped() || out_of_time() || asked - begin > allowed_seconds;
  });
  std::vector<std::size_t> answered, unanswered;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    (answers.logits[i] ? answered : unanswered).push_back(batch[i]);
    progress_.answers[model][batch[i]] = answers.logits[i];
    tokens += progress_.tokens_of(batch[i], max_length);
  }
  if (answers.end == End::complete && max_length <= kLongSequence)
    speed_.add(tokens, std::max(clock_.seconds() - begin, 1e-6));
  if (answers.end == End::impossible)
    give_up(unanswered, answers.why);
  if (answers.end == End::model_lost)
    give_up_model(model, answers.why);
  if (events_.answered && !answered.empty())
    events_.answered(answered);
  return answers.end;
}

/// Answers the first of the pending readings. False if this pass ends: there is no time left, a signal came,
/// or the model cannot be used any more.
bool DeadlineRun::answer_next(std::size_t model, Pending& pending, std::int64_t max_length) {
  if (!progress_.usable[model] || stopped() || out_of_time())
    return false;
  const std::span<std::size_t> batch = next_batch(pending.rest(), max_length);
  const End end = answer_batch(model, batch, max_length, kForever);
  const auto unanswered = std::stable_partition(
      batch.begin(), batch.end(), [&](std::size_t reading) { return progress_.is_settled(model, reading); });
  pending.settled += static_cast<std::size_t>(unanswered - batch.begin());
  if (end == End::out_of_memory)
    use_less_memory(model, {unanswered, batch.end()}, pending, max_length);
  return end != End::stopped && progress_.usable[model];
}

/// After memory ran out for these readings: half as many tokens at once; a single one is left out, and if no
/// pending one is shorter, the model is.
void DeadlineRun::use_less_memory(std::size_t model, std::span<const std::size_t> unanswered, Pending& pending,
                                  std::int64_t max_length) {
  std::int64_t tokens = 0;
  for (const std::size_t reading : unanswered)
    tokens += progress_.tokens_of(reading, max_length);
  if (unanswered.size() > 1) {
    options_.token_budget = std::max<std::int64_t>(1, std::min(options_.token_budget, tokens) / 2);
    say("memory ran out for " + counted(tokens, "token") + " at once: at most " +
        std::to_string(options_.token_budget) + " from here on");
    return;
  }
  give_up(unanswered, "memory ran out for it");
  ++pending.settled; // it stands first
  const std::span<std::size_t> rest = pending.rest();
  const auto shortest = std::min_element(rest.begin(), rest.end(), [&](std::size_t a, std::size_t b) {
    return progress_.tokens_of(a, max_length) < progress_.tokens_of(b, max_length);
  });
  if (shortest == rest.end() || progress_.tokens_of(*shortest, max_length) >= tokens)
    give_up_model(model, "memory ran out for a single question");
  else
    std::rotate(rest.begin(), shortest, shortest + 1); // shows whether there is memory for any
}

void DeadlineRun::give_up_model(std::size_t model, const std::string& why) {
  progress_.usable[model] = false;
  progress_.unanswerable.clear(); // for the same reason
  given_up_.push_back("model " + std::to_string(model + 1) + " was given up: " + why);
  say(given_up_.back());
}

void DeadlineRun::give_up(std::span<const std::size_t> readings, const std::string& why) {
  for (const std::size_t reading : readings)
    progress_.unanswerable.emplace(reading, why);
}

/// Of the model that ends its work.
void DeadlineRun::report_given_up(std::size_t model) {
  std::map<std::string, std::vector<std::size_t>> readings; // by reason
  for (const auto& [reading, why] : progress_.unanswerable)
    readings[why].push_back(reading);
  for (const auto& [why, all] : readings) {
    given_up_.push_back("model " + std::to_string(model + 1) + " did not answer " + progress_.names_of(all) + ": " +
                        why);
    say(given_up_.back());
  }
}

bool DeadlineRun::load(std::size_t model) {
  const double begin = clock_.seconds();
  progress_.usable[model] = runner_.load(model);
  loaded_.reset();
  if (progress_.usable[model]) {
    load_seconds_ = clock_.seconds() - begin;
    loaded_ = model;
  }
  return progress_.usable[model];
}

/// What the pending sequences must be cut to so that the first model answers all questions in time.
std::int64_t DeadlineRun::choose_max_length(std::int64_t current) {
  if (!speed_.measured() || !options_.limit)
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

void DeadlineRun::shortest_first(std::span<std::size_t> pending, std::int64_t max_length) const {
  std::stable_sort(pending.begin(), pending.end(), [&](std::size_t a, std::size_t b) {
    return progress_.tokens_of(a, max_length) < progress_.tokens_of(b, max_length);
  });
}

/// The first model that works answers every question, if need be with less of its text.
void DeadlineRun::answer_all(std::size_t pass) {
  std::vector<std::size_t> all = progress_.readings_of(progress_.passes()[pass].stream);
  std::stable_sort(all.begin(), all.end(), [this](std::size_t a, std::size_t b) {
    return progress_.tokens_of(a, kLongSequence) > progress_.tokens_of(b, kLongSequence);
  });
  const auto first_long = std::stable_partition(all.begin(), all.end(),
                                                [this](std::size_t reading) { return !progress_.is_long(reading); });
  Pending pending{{all.begin(), first_long}};
  pending_lengths_ = LengthHistogram();
  for (const std::size_t reading : pending.readings)
    for (const std::int64_t length : progress_.lengths_of(reading))
      pending_lengths_.add(length);
  if (events_.pass_begins)
    events_.pass_begins(progress_.passes()[pass], all);
  std::int64_t max_length = progress_.longest_usual();
  double planned = -kForever;
  const double begin = clock_.seconds();
  bool announced = false, cut = false, goes_on = true;
  while (goes_on && !pending.rest().empty()) {
    if (clock_.seconds() - planned >= replan_seconds_) {
      const std::int64_t chosen = choose_max_length(max_length);
      cut = cut || chosen < max_length;
      max_length = chosen;
      planned = speed_.measured() ? clock_.seconds() : planned;
      if (max_length == kLeastLength) // not all will be answered: as many as possible
        shortest_first(pending.rest(), max_length);
    }
    const std::size_t before = pending.settled;
    goes_on = answer_next(model_of(pass), pending, max_length);
    for (const std::size_t reading : std::span(pending.readings).subspan(before, pending.settled - before))
      for (const std::int64_t length : progress_.lengths_of(reading))
        pending_lengths_.remove(length);
    if (!announced && !pending.rest().empty() && clock_.seconds() - begin >= kOutlookSeconds) {
      announce_outlook(pass);
      announced = true;
    }
  }
  if (cut)
    given_up_.push_back("sequences were cut to " + counted(max_length, "token") + ", for lack of time");
  answer_long(pass, {first_long, all.end()});
}

/// A further pass answers what is planned for it, and the plan follows the speed.
void DeadlineRun::answer_most_useful(std::size_t pass) {
  std::vector<std::size_t> planned_readings = plan_for(pass, false);
  if (events_.pass_begins)
    events_.pass_begins(progress_.passes()[pass], planned_readings);
  bool goes_on = true;
  while (goes_on) {
    const auto first_long = std::stable_partition(planned_readings.begin(), planned_readings.end(),
                                                  [this](std::size_t reading) { return !progress_.is_long(reading); });
    Pending pending{{planned_readings.begin(), first_long}};
    if (pending.readings.empty()) {
      answer_long(pass, {first_long, planned_readings.end()});
      return;
    }
    for (const double planned = clock_.seconds(); goes_on && !pending.rest().empty() && !plan_is_stale(planned);)
      goes_on = answer_next(model_of(pass), pending, progress_.longest_usual());
    if (goes_on)
      planned_readings = plan_for(pass, false);
  }
}

/// What everything takes at the speed of the first batches.
void DeadlineRun::announce_outlook(std::size_t pass) const {
  if (!options_.limit)
    return;
  const std::vector<Pass> further = progress_.passes_from(pass + 1);
  std::int64_t work = pending_lengths_.tokens(progress_.longest_usual());
  for (const std::size_t reading : progress_.readings_of(progress_.passes()[pass].stream))
    work += progress_.is_long(reading) ? progress_.work_of(reading, INT64_MAX) : 0;
  for (const Pass& next : further)
    work += progress_.work_of_stream(next.stream);
  const double needed = static_cast<double>(work) / speed_.tokens_per_second() + seconds_of_loading(further);
  std::string text = plan_begins() + "all of " + counted(progress_.questions(), "question") +
                     (progress_.streams() > 1 ? ", with " + counted(progress_.streams(), "context") + " each," : "") +
                     " by " + (progress_.models() > 1 ? "all models" : "this model") + " take about " +
                     format_duration(needed);
  if (needed > left()) {
    runner_.hurry();
    text += further.empty() ? ", which do not fit"
                            : ", which do not fit: the first model answers all, " +
                                  std::string(progress_.streams() > 1 ? "what follows goes" : "further ones") +
                                  " where they matter most";
  }
  say(text);
}

/// True if the speed has changed since the plan was made, at most once in replan_seconds_.
bool DeadlineRun::plan_is_stale(double planned) const {
  return clock_.seconds() - planned >= replan_seconds_ &&
         std::abs(speed_.tokens_per_second() / planned_speed_ - 1) > kSpeedChange;
}

/// The readings that this pass is to answer.
std::vector<std::size_t> DeadlineRun::plan_for(std::size_t pass, bool announced) {
  planned_speed_ = speed_.tokens_per_second();
  ExamProgress::PassPlan chosen = progress_.plan_for(pass, loaded_, {left(), planned_speed_, load_seconds_});
  if (!chosen.plan.complete)
    runner_.hurry();
  if (announced && options_.limit) // else there is nothing to plan
    say(plan_begins() + progress_.describe(chosen.plan, pass) + ", which takes " +
        format_duration(chosen.plan.seconds));
  return std::move(chosen.readings);
}

double DeadlineRun::seconds_of_loading(std::span<const Pass> passes) const {
  return static_cast<double>(count_loads(passes, loaded_)) * load_seconds_;
}

/// The seconds that one of `count` long readings may take: what all others of further passes leave, or as much as any
/// batch.
double DeadlineRun::seconds_for_long(std::size_t pass, std::size_t count) const {
  const std::vector<Pass> further = progress_.passes_from(pass + 1);
  double reserved = seconds_of_loading(further);
  for (const Pass& next : further)
    reserved += static_cast<double>(progress_.usual_tokens(next.stream)) / speed_.tokens_per_second();
  return std::max(left() * kBatchPart, (left() - reserved) / static_cast<double>((further.size() + 1) * count));
}

/// To how many tokens the sequences of a reading must be cut so that it takes so long.
std::int64_t DeadlineRun::length_within(std::size_t reading, double seconds) const {
  const std::int64_t longest = progress_.longest_of(reading);
  if (!speed_.measured())
    return longest;
  std::int64_t fits = kLeastLength, too_long = longest + 1;
  while (fits + 1 < too_long) {
    const std::int64_t middle = fits + (too_long - fits) / 2;
    const bool in_time =
        static_cast<double>(progress_.work_of(reading, middle)) <= seconds * speed_.tokens_per_second();
    (in_time ? fits : too_long) = middle;
  }
  return fits;
}

/// The long readings, one at a time, the shortest first.
void DeadlineRun::answer_long(std::size_t pass, std::vector<std::size_t> readings) {
  const std::size_t model = model_of(pass);
  shortest_first(readings, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < readings.size() && progress_.usable[model] && !stopped() && !out_of_time(); ++i) {
    const std::size_t reading = readings[i];
    const double allowed = seconds_for_long(pass, readings.size() - i);
    const std::int64_t max_length = length_within(reading, kLongCaution * allowed);
    const bool cut = max_length < progress_.longest_of(reading);
    const End end = answer_batch(model, {&reading, 1}, max_length, allowed);
    if (end == End::complete && cut)
      given_up_.push_back("sequences of " + progress_.name_of(reading) + " were cut to " +
                          counted(max_length, "token") + " for model " + std::to_string(model + 1) +
                          ", for lack of time");
    else if (end == End::out_of_memory)
      give_up({&reading, 1}, "memory ran out for it");
    else if (end == End::stopped && !stopped() && !out_of_time())
      give_up({&reading, 1}, "its text is too long for the time left");
  }
}

void DeadlineRun::run() {
  bool first = true;
  step_seconds_ = 0;
  for (std::size_t pass = 0; pass < progress_.passes().size() && !stopped() && !out_of_time(); ++pass) {
    const std::size_t model = model_of(pass);
    if (!progress_.usable[model])
      continue;
    progress_.unanswerable.clear();
    const bool time_to_load = loaded_ == model || left() >= kLoadCaution * load_seconds_;
    if (!first && (!time_to_load || plan_for(pass, true).empty()))
      break;
    if (loaded_ != model && !load(model))
      continue;
    if (first)
      answer_all(pass);
    else
      answer_most_useful(pass);
    report_given_up(model);
    first = first && !progress_.usable[model]; // it may have been lost on the way
  }
  for (std::string& sentence : progress_.missing(stopped() || out_of_time()))
    given_up_.push_back(std::move(sentence));
}

} // namespace sciexam::inline ensemble
