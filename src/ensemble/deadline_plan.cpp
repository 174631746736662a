// What a DeadlineRun plans, and what it says.
#include "ensemble/deadline_run.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sciexam {
namespace {

/// A plan is made anew where the speed has changed by this part.
constexpr double kSpeedChange = 0.02;
/// Attention of a sequence of so many tokens is taken to be as much work as all else. In DeBERTa-v3-large it is less:
/// 4 L H multiplications a token and layer, of 12 H^2 in the dense layers, H = 1024.
constexpr double kAttentionLength = 2048;
/// Messages name no more questions than these.
constexpr std::size_t kNamedQuestions = 5;

} // namespace

bool DeadlineRun::is_long(std::size_t question) const {
  return std::any_of(questions_[question].begin(), questions_[question].end(),
                     [](std::int64_t length) { return length > kLongSequence; });
}

std::int64_t DeadlineRun::tokens_of(std::size_t question, std::int64_t max_length) const {
  std::int64_t tokens = 0;
  for (const std::int64_t length : questions_[question])
    tokens += std::min(length, max_length);
  return tokens;
}

/// In tokens of questions of usual length.
std::int64_t DeadlineRun::work_of(std::size_t question, std::int64_t max_length) const {
  if (!is_long(question))
    return tokens_of(question, max_length);
  double work = 0;
  for (const std::int64_t whole : questions_[question]) {
    const auto length = static_cast<double>(std::min(whole, max_length));
    work += length * (1 + length / kAttentionLength);
  }
  return static_cast<std::int64_t>(work);
}

std::size_t DeadlineRun::count_answers(std::size_t question) const {
  return static_cast<std::size_t>(std::count_if(answers_.begin(), answers_.end(),
                                                [&](const PartialAnswers& all) { return all[question].has_value(); }));
}

std::size_t DeadlineRun::count_usable(std::size_t first_model) const {
  return static_cast<std::size_t>(
      std::count(usable_.begin() + static_cast<std::ptrdiff_t>(first_model), usable_.end(), true));
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
  const bool sure = options_.cascade && *std::max_element(mean.begin(), mean.end()) >= *options_.cascade;
  return sure ? 0 : std::max(expected_loss(mean), 1e-9);
}

std::string DeadlineRun::name_of(std::size_t question) const {
  return options_.name_of_question ? options_.name_of_question(question) : "question " + std::to_string(question + 1);
}

/// "question 2, question 7 and 3 more"
std::string DeadlineRun::names_of(std::span<const std::size_t> questions) const {
  std::string names;
  for (const std::size_t question : questions.first(std::min(questions.size(), kNamedQuestions)))
    names += (names.empty() ? "" : ", ") + name_of(question);
  return questions.size() <= kNamedQuestions
             ? names
             : names + " and " + std::to_string(questions.size() - kNamedQuestions) + " more";
}

void DeadlineRun::say(const std::string& text) const {
  if (events_.plan)
    events_.plan(text);
}

/// What everything takes at the speed of the first batches.
void DeadlineRun::announce_outlook(std::size_t model) const {
  if (!options_.limit)
    return;
  const auto further = static_cast<double>(usable_.size() - model - 1);
  auto tokens = static_cast<double>(pending_lengths_.tokens(longest_));
  for (std::size_t q = 0; q < questions_.size(); ++q)
    tokens += (is_long(q) ? further + 1 : further) * static_cast<double>(work_of(q, INT64_MAX));
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
  if (!options_.limit)
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

/// True if the speed has changed since the plan was made, at most once in replan_seconds_.
bool DeadlineRun::plan_is_stale(double planned) const {
  return clock_.seconds() - planned >= replan_seconds_ &&
         std::abs(speed_.tokens_per_second() / planned_speed_ - 1) > kSpeedChange;
}

/// The questions that this model shall answer, the most useful first; longest first if all can be answered.
std::vector<std::size_t> DeadlineRun::plan_for(std::size_t model, bool loaded) {
  planned_speed_ = speed_.tokens_per_second();
  std::vector<std::size_t> open;
  std::vector<QuestionToPlan> to_plan;
  std::size_t fewest = usable_.size();
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (!is_settled(model, q)) {
      open.push_back(q);
      to_plan.push_back({work_of(q, INT64_MAX), loss_of(q)});
      fewest = std::min(fewest, count_answers(q));
    }
  const EnsemblePlan plan = plan_ensemble(to_plan, std::max<std::size_t>(1, fewest), count_usable(model),
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

void DeadlineRun::report_missing() {
  std::vector<std::size_t> unanswered;
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (count_answers(q) == 0)
      unanswered.push_back(q);
  // Where no model can be used, time has nothing to do with it.
  if (!unanswered.empty() && count_usable(0) > 0)
    given_up_.push_back("no model has answered " + counted(unanswered.size(), "question") +
                        (unanswered.size() <= kNamedQuestions ? ": " + names_of(unanswered) : ""));
  for (std::size_t model = 1; model < answers_.size(); ++model) {
    const auto missing = static_cast<std::size_t>(
        std::count_if(answers_[model].begin(), answers_[model].end(), [](const auto& answer) { return !answer; }));
    // With a cascade, certain questions want no further model.
    if (missing > 0 && usable_[model] && (!options_.cascade || stopped() || out_of_time()))
      given_up_.push_back("model " + std::to_string(model + 1) + " did not answer " + std::to_string(missing) + " of " +
                          counted(questions_.size(), "question"));
  }
}

} // namespace sciexam
