#include "ensemble/exam_progress.hpp"

#include "support/text/counted.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace sciexam::inline ensemble {
namespace {

/// In a sequence of this many tokens, attention is taken to be as much work as everything else. In DeBERTa-v3-large it
/// is less: 4 L H multiplications per token and layer, against 12 H^2 in the dense layers, H = 1024.
constexpr double kAttentionLength = 2048;
/// Messages name no more questions than these.
constexpr std::size_t kNamedQuestions = 5;

/// Models from the first to the last with one context, back with the next.
std::vector<Pass> passes_of(std::size_t models, std::size_t streams) {
  std::vector<Pass> passes;
  for (std::size_t stream = 0; stream < streams; ++stream)
    for (std::size_t i = 0; i < models; ++i)
      passes.push_back({stream % 2 == 0 ? i : models - 1 - i, stream});
  return passes;
}

} // namespace

std::string name_of(const Pass& pass) {
  return "model " + std::to_string(pass.model + 1) +
         (pass.stream > 0 ? " with context " + std::to_string(pass.stream + 1) : "");
}

std::size_t count_loads(std::span<const Pass> passes, std::optional<std::size_t> loaded) {
  std::size_t loads = 0;
  for (const Pass& pass : passes) {
    loads += loaded == pass.model ? 0 : 1;
    loaded = pass.model;
  }
  return loads;
}

ExamProgress::ExamProgress(std::span<const QuestionLengths> readings, std::size_t streams, std::size_t models,
                           std::optional<double> cascade, std::function<std::string(std::size_t)> name_of_reading)
    : answers(models, PartialAnswers(readings.size())), usable(models, true), readings_(readings),
      passes_(passes_of(models, streams)), cascade_(cascade), name_of_reading_(std::move(name_of_reading)),
      usual_tokens_(streams) {
  for (std::size_t r = 0; r < readings_.size(); ++r)
    if (!is_long(r)) {
      usual_tokens_[stream_of(r)] += std::accumulate(readings_[r].begin(), readings_[r].end(), std::int64_t{0});
      longest_usual_ = std::max(longest_usual_, longest_of(r));
    }
}

std::int64_t ExamProgress::longest_of(std::size_t reading) const {
  return *std::max_element(readings_[reading].begin(), readings_[reading].end());
}

bool ExamProgress::is_long(std::size_t reading) const {
  return longest_of(reading) > kLongSequence;
}

std::int64_t ExamProgress::tokens_of(std::size_t reading, std::int64_t max_length) const {
  std::int64_t tokens = 0;
  for (const std::int64_t length : readings_[reading])
    tokens += std::min(length, max_length);
  return tokens;
}

std::int64_t ExamProgress::work_of(std::size_t reading, std::int64_t max_length) const {
  if (!is_long(reading))
    return tokens_of(reading, max_length);
  double work = 0;
  for (const std::int64_t whole : readings_[reading]) {
    const auto length = static_cast<double>(std::min(whole, max_length));
    work += length * (1 + length / kAttentionLength);
  }
  return static_cast<std::int64_t>(work);
}

std::int64_t ExamProgress::work_of_stream(std::size_t stream) const {
  std::int64_t work = 0;
  for (const std::size_t reading : readings_of(stream))
    work += work_of(reading, INT64_MAX);
  return work;
}

std::vector<std::size_t> ExamProgress::readings_of(std::size_t stream) const {
  std::vector<std::size_t> all;
  for (std::size_t reading = stream * questions(); reading < (stream + 1) * questions(); ++reading)
    if (stream == 0 || longest_of(reading) > 0)
      all.push_back(reading);
  return all;
}

std::vector<Pass> ExamProgress::passes_from(std::size_t pass) const {
  std::vector<Pass> further;
  for (; pass < passes_.size(); ++pass)
    if (usable[passes_[pass].model])
      further.push_back(passes_[pass]);
  return further;
}

std::size_t ExamProgress::count_answers(std::size_t question) const {
  std::size_t count = 0;
  for (const PartialAnswers& all : answers)
    for (std::size_t reading = question; reading < all.size(); reading += questions())
      count += all[reading] ? 1 : 0;
  return count;
}

bool ExamProgress::is_settled(std::size_t model, std::size_t reading) const {
  return answers[model][reading].has_value() || unanswerable.contains(reading);
}

double ExamProgress::loss_of(std::size_t question) const {
  OptionScores mean{};
  std::size_t count = 0;
  for (const PartialAnswers& all : answers)
    for (std::size_t reading = question; reading < all.size(); reading += questions())
      if (all[reading]) {
        const OptionScores p = softmax(*all[reading]);
        std::transform(mean.begin(), mean.end(), p.begin(), mean.begin(), std::plus<>());
        ++count;
      }
  for (double& p : mean)
    p /= static_cast<double>(std::max<std::size_t>(1, count));
  const bool sure = cascade_ && *std::max_element(mean.begin(), mean.end()) >= *cascade_;
  return sure ? 0 : std::max(expected_loss(mean), 1e-9);
}

ExamProgress::PassPlan ExamProgress::plan_for(std::size_t pass, std::optional<std::size_t> loaded,
                                              const PlanLimits& limits) const {
  // A question that this pass has done with takes no part: its further answers must not keep this pass from others,
  // to which it does not come back.
  std::vector<double> losses(questions());
  std::size_t fewest = passes_.size();
  for (const std::size_t reading : readings_of(passes_[pass].stream))
    if (!is_settled(passes_[pass].model, reading)) {
      const std::size_t question = question_of(reading);
      losses[question] = loss_of(question);
      fewest = std::min(fewest, count_answers(question));
    }
  std::vector<PlannedPass> to_plan;
  for (const Pass& next : passes_from(pass)) {
    PlannedPass& planned = to_plan.emplace_back();
    planned.needs_load = loaded != next.model;
    loaded = next.model;
    planned.tokens.resize(questions());
    for (const std::size_t reading : readings_of(next.stream))
      planned.tokens[question_of(reading)] = std::max<std::int64_t>(1, work_of(reading, INT64_MAX));
  }
  PassPlan chosen{plan_ensemble(losses, std::max<std::size_t>(1, fewest), to_plan, limits), {}};
  if (!chosen.plan.questions.empty())
    for (const std::size_t question : chosen.plan.questions.front())
      chosen.readings.push_back(passes_[pass].stream * questions() + question);
  if (chosen.plan.complete)
    std::stable_sort(chosen.readings.begin(), chosen.readings.end(), [this](std::size_t a, std::size_t b) {
      return tokens_of(a, longest_usual_) > tokens_of(b, longest_usual_);
    });
  return chosen;
}

std::string ExamProgress::describe(const EnsemblePlan& plan, std::size_t pass) const {
  std::string text;
  const std::vector<Pass> passes = passes_from(pass);
  for (std::size_t i = 0; i < passes.size(); ++i)
    text +=
        (i == 0 ? "" : ", ") + ensemble::name_of(passes[i]) + " answers " + std::to_string(plan.questions[i].size());
  return text;
}

std::string ExamProgress::name_of(std::size_t reading) const {
  return name_of_reading_ ? name_of_reading_(reading) : "question " + std::to_string(question_of(reading) + 1);
}

std::string ExamProgress::names_of(std::span<const std::size_t> readings) const {
  std::string names;
  for (const std::size_t reading : readings.first(std::min(readings.size(), kNamedQuestions)))
    names += (names.empty() ? "" : ", ") + name_of(reading);
  if (readings.size() > kNamedQuestions)
    names += " and " + std::to_string(readings.size() - kNamedQuestions) + " more";
  return names;
}

std::size_t ExamProgress::count_missing(const Pass& pass) const {
  const std::vector<std::size_t> readings = readings_of(pass.stream);
  return static_cast<std::size_t>(std::count_if(readings.begin(), readings.end(),
                                                [&](std::size_t reading) { return !answers[pass.model][reading]; }));
}

std::vector<std::string> ExamProgress::missing(bool ended_early) const {
  std::vector<std::string> sentences;
  std::vector<std::size_t> unanswered;
  for (std::size_t q = 0; q < questions(); ++q)
    if (count_answers(q) == 0)
      unanswered.push_back(q);
  // Where no model can be used, time has nothing to do with it.
  if (!unanswered.empty() && !passes_from(0).empty())
    sentences.push_back("no model has answered " + counted(unanswered.size(), "question") +
                        (unanswered.size() <= kNamedQuestions ? ": " + names_of(unanswered) : ""));
  for (const Pass& pass : passes_) {
    if (pass.model == 0 && pass.stream == 0)
      continue; // named above
    // With a cascade, certain questions need no further model.
    const std::size_t count = count_missing(pass);
    if (count > 0 && usable[pass.model] && (!cascade_ || ended_early))
      sentences.push_back(ensemble::name_of(pass) + " did not answer " + std::to_string(count) + " of " +
                          counted(readings_of(pass.stream).size(), "question"));
  }
  return sentences;
}

} // namespace sciexam::inline ensemble
