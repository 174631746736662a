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

} // namespace

ExamProgress::ExamProgress(std::span<const QuestionLengths> questions, std::size_t models,
                           std::optional<double> cascade, std::function<std::string(std::size_t)> name_of_question)
    : answers(models, PartialAnswers(questions.size())), usable(models, true), questions_(questions), cascade_(cascade),
      name_of_question_(std::move(name_of_question)) {
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (!is_long(q)) {
      usual_tokens_ += std::accumulate(questions_[q].begin(), questions_[q].end(), std::int64_t{0});
      longest_usual_ = std::max(longest_usual_, longest_of(q));
    }
}

std::int64_t ExamProgress::longest_of(std::size_t question) const {
  return *std::max_element(questions_[question].begin(), questions_[question].end());
}

bool ExamProgress::is_long(std::size_t question) const {
  return longest_of(question) > kLongSequence;
}

std::int64_t ExamProgress::tokens_of(std::size_t question, std::int64_t max_length) const {
  std::int64_t tokens = 0;
  for (const std::int64_t length : questions_[question])
    tokens += std::min(length, max_length);
  return tokens;
}

std::int64_t ExamProgress::work_of(std::size_t question, std::int64_t max_length) const {
  if (!is_long(question))
    return tokens_of(question, max_length);
  double work = 0;
  for (const std::int64_t whole : questions_[question]) {
    const auto length = static_cast<double>(std::min(whole, max_length));
    work += length * (1 + length / kAttentionLength);
  }
  return static_cast<std::int64_t>(work);
}

std::size_t ExamProgress::count_answers(std::size_t question) const {
  return static_cast<std::size_t>(std::count_if(answers.begin(), answers.end(),
                                                [&](const PartialAnswers& all) { return all[question].has_value(); }));
}

std::size_t ExamProgress::count_usable(std::size_t first_model) const {
  return static_cast<std::size_t>(
      std::count(usable.begin() + static_cast<std::ptrdiff_t>(first_model), usable.end(), true));
}

bool ExamProgress::is_settled(std::size_t model, std::size_t question) const {
  return answers[model][question].has_value() || unanswerable.contains(question);
}

double ExamProgress::loss_of(std::size_t question) const {
  OptionScores mean{};
  std::size_t count = 0;
  for (const PartialAnswers& all : answers)
    if (all[question]) {
      const OptionScores p = softmax(*all[question]);
      std::transform(mean.begin(), mean.end(), p.begin(), mean.begin(), std::plus<>());
      ++count;
    }
  for (double& p : mean)
    p /= static_cast<double>(std::max<std::size_t>(1, count));
  const bool sure = cascade_ && *std::max_element(mean.begin(), mean.end()) >= *cascade_;
  return sure ? 0 : std::max(expected_loss(mean), 1e-9);
}

ExamProgress::ModelPlan ExamProgress::plan_for(std::size_t model, const PlanLimits& limits) const {
  std::vector<std::size_t> open;
  std::vector<QuestionToPlan> to_plan;
  std::size_t fewest = models();
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (!is_settled(model, q)) {
      open.push_back(q);
      to_plan.push_back({work_of(q, INT64_MAX), loss_of(q)});
      fewest = std::min(fewest, count_answers(q));
    }
  ModelPlan chosen{plan_ensemble(to_plan, std::max<std::size_t>(1, fewest), count_usable(model), limits), {}};
  if (!chosen.plan.questions.empty())
    for (const std::size_t index : chosen.plan.questions.front())
      chosen.questions.push_back(open[index]);
  if (chosen.plan.complete)
    std::stable_sort(chosen.questions.begin(), chosen.questions.end(), [this](std::size_t a, std::size_t b) {
      return tokens_of(a, longest_usual_) > tokens_of(b, longest_usual_);
    });
  return chosen;
}

std::string ExamProgress::describe(const EnsemblePlan& plan, std::size_t model) const {
  std::string text;
  std::size_t at = model;
  for (const std::vector<std::size_t>& questions : plan.questions) {
    while (at < usable.size() && !usable[at])
      ++at;
    text +=
        (at == model ? "model " : ", model ") + std::to_string(at + 1) + " answers " + std::to_string(questions.size());
    ++at;
  }
  return text;
}

std::string ExamProgress::name_of(std::size_t question) const {
  return name_of_question_ ? name_of_question_(question) : "question " + std::to_string(question + 1);
}

std::string ExamProgress::names_of(std::span<const std::size_t> questions) const {
  std::string names;
  for (const std::size_t question : questions.first(std::min(questions.size(), kNamedQuestions)))
    names += (names.empty() ? "" : ", ") + name_of(question);
  if (questions.size() > kNamedQuestions)
    names += " and " + std::to_string(questions.size() - kNamedQuestions) + " more";
  return names;
}

std::vector<std::string> ExamProgress::missing(bool ended_early) const {
  std::vector<std::string> sentences;
  std::vector<std::size_t> unanswered;
  for (std::size_t q = 0; q < questions_.size(); ++q)
    if (count_answers(q) == 0)
      unanswered.push_back(q);
  // Where no model can be used, time has nothing to do with it.
  if (!unanswered.empty() && count_usable(0) > 0)
    sentences.push_back("no model has answered " + counted(unanswered.size(), "question") +
                        (unanswered.size() <= kNamedQuestions ? ": " + names_of(unanswered) : ""));
  for (std::size_t model = 1; model < models(); ++model) {
    const auto count = static_cast<std::size_t>(
        std::count_if(answers[model].begin(), answers[model].end(), [](const auto& answer) { return !answer; }));
    // With a cascade, certain questions need no further model.
    if (count > 0 && usable[model] && (!cascade_ || ended_early))
      sentences.push_back("model " + std::to_string(model + 1) + " did not answer " + std::to_string(count) + " of " +
                          counted(questions_.size(), "question"));
  }
  return sentences;
}

} // namespace sciexam::inline ensemble
