#include "ensemble/package_run.hpp"

#include "inference/device_runner.hpp"
#include "inference/encoding.hpp"
#include "inference/loading.hpp"
#include "kernels/dense.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::inline ensemble {
namespace {

/// Fewer tokens at once leave a device partly idle.
constexpr std::int64_t kDeviceTokens = 2048;

/// A question's id as messages show it.
std::string shown_id(const std::string& id) {
  const std::string_view shown = utf8_prefix(id, 40);
  return std::string(shown) + (shown.size() < id.size() ? "..." : "");
}

/// As many tokens at once as memory permits; those of one usual question at least.
std::int64_t choose_token_budget(const Package& package, Precision precision,
                                 std::span<const QuestionLengths> lengths) {
  std::int64_t largest = 1;
  for (const QuestionLengths& question : lengths)
    if (*std::max_element(question.begin(), question.end()) <= kLongSequence)
      largest = std::max<std::int64_t>(largest, std::accumulate(question.begin(), question.end(), 0));
  std::int64_t budget = kTokenBudget;
  const std::uint64_t available = available_memory();
  if (available == 0)
    return budget;
  for (std::size_t model = 0; model < package.manifest().models.size(); ++model)
    try {
      const DebertaConfig config = package.config(model);
      const DType stored = package.manifest().models[model].dtype;
      while (budget > largest && answering_memory(config, stored, precision, budget) > available)
        budget = std::max(largest, budget / 2);
    } catch (const PackageError&) {
      continue; // reported when it is its turn
    }
  if (budget < kTokenBudget)
    log_line("memory: " + format_memory(available) + " available: at most " + counted(budget, "token") + " at once");
  return budget;
}

/// One run: the events of the DeadlineRun become progress lines and ever better answers.
class PackageRun {
public:
  PackageRun(const Package& package, std::span<const Question> questions, const EnsembleRequest& request)
      : package_(package), request_(request), questions_(questions),
        tokenizer_(Tokenizer::from_bytes(package.vocabulary(), package.manifest().vocabulary.name)),
        encoded_(encode_exam(tokenizer_, questions, package.template_options(), request.threads,
                             [this] { return (request_.stop && request_.stop()) || time_left().value_or(1) <= 0; })),
        lengths_(lengths_of(encoded_.questions)),
        cpu_(package, tokenizer_, questions, encoded_.questions, request.threads, request.precision, answers_.failures),
        runner_(package, encoded_.questions, cpu_,
                request.devices == nullptr ? std::vector<DeviceProcess*>() : request.devices->open(),
                {.threads = request.threads,
                 .time_limit = request.time_limit,
                 .cpu_token_budget = choose_token_budget(package, request.precision, lengths_)}),
        run_(lengths_, package.manifest().models.size(), clock_, runner_, deadline_options(), events()),
        improved_(clock_.seconds()) {}

  EnsembleAnswers operator()() {
    run_.run();
    end_model();
    answers_.given_up = run_.given_up();
    if (!encoded_.cut.empty() && !answers_.models.empty())
      answers_.given_up.push_back(cut_questions());
    answers_.lost_devices = runner_.lost();
    return std::move(answers_);
  }

private:
  static std::vector<QuestionLengths> lengths_of(std::span<const EncodedQuestion> questions) {
    std::vector<QuestionLengths> lengths(questions.size());
    for (std::size_t q = 0; q < questions.size(); ++q)
      for (std::size_t i = 0; i < kOptions; ++i)
        lengths[q][i] = static_cast<std::int32_t>(questions[q][i].ids.size());
    return lengths;
  }

  /// Encoding counts.
  std::optional<double> time_left() const {
    return request_.time_limit ? std::optional(*request_.time_limit - (clock_.seconds() - start_)) : std::nullopt;
  }

  DeadlineOptions deadline_options() const {
    const auto devices = static_cast<std::int64_t>(runner_.devices());
    return {.limit = time_left(),
            .token_budget = runner_.token_budget(),
            .efficient_tokens = devices > 0 ? devices * kDeviceTokens : request_.threads * kEfficientRows,
            .cascade = request_.cascade,
            .name_of_question = [this](std::size_t q) { return "question " + shown_id(questions_[q].id); }};
  }

  /// The questions that the models saw only in part.
  std::string cut_questions() const {
    constexpr std::size_t kNamed = 5;
    std::string ids;
    for (std::size_t i = 0; i < std::min(encoded_.cut.size(), kNamed); ++i)
      ids += (i == 0 ? "" : ", ") + shown_id(questions_[encoded_.cut[i]].id);
    if (encoded_.cut.size() > kNamed)
      ids += " and " + std::to_string(encoded_.cut.size() - kNamed) + " more";
    return counted(encoded_.cut.size(), "question") + " had too much text, of which the models saw the first " +
           counted(kLongestSequence, "token") + " for each option: " + ids;
  }

  DeadlineEvents events() {
    return {.plan = [](const std::string& text) { log_line(text); },
            .model_begins = [this](std::size_t model, std::span<const std::size_t> all) { begin_model(model, all); },
            .answered = [this](std::span<const std::size_t> batch) { advance(batch); },
            .stop = request_.stop};
  }

  std::uint64_t tokens_of(std::span<const std::size_t> questions) const {
    std::uint64_t tokens = 0;
    for (const std::size_t q : questions)
      tokens += static_cast<std::uint64_t>(token_count(encoded_.questions[q]));
    return tokens;
  }

  void begin_model(std::size_t model, std::span<const std::size_t> questions) {
    end_model();
    begun_ = clock_.seconds();
    questions_to_answer_ = questions.size();
    const std::vector<ModelRecord>& models = package_.manifest().models;
    progress_.emplace(models[model].name + " (" + std::to_string(model + 1) + " of " + std::to_string(models.size()) +
                          ")",
                      tokens_of(questions), "tokens");
    answers_.work.push_back({.name = models[model].name, .load_seconds = run_.load_seconds()});
  }

  void advance(std::span<const std::size_t> batch) {
    ModelWork& work = answers_.work.back();
    work.questions += batch.size();
    work.tokens += tokens_of(batch);
    work.answer_seconds = clock_.seconds() - begun_;
    progress_->note(std::to_string(work.questions) + " of " + counted(questions_to_answer_, "question"));
    progress_->advance(tokens_of(batch));
    if (clock_.seconds() - improved_ >= kImprovementInterval)
      show();
  }

  void end_model() {
    if (!progress_)
      return;
    progress_->finish();
    progress_.reset();
    show();
  }

  void show() {
    answers_.models.clear();
    const std::vector<ModelRecord>& models = package_.manifest().models;
    for (std::size_t m = 0; m < models.size(); ++m) {
      const PartialAnswers& logits = run_.answers()[m];
      if (std::any_of(logits.begin(), logits.end(), [](const auto& answer) { return answer.has_value(); }))
        answers_.models.push_back(
            {models[m].name, request_.weights.empty() ? models[m].weight : request_.weights[m], logits});
    }
    if (request_.improved)
      request_.improved(answers_);
    improved_ = clock_.seconds();
  }

  const Package& package_;
  const EnsembleRequest& request_;
  std::span<const Question> questions_;
  EnsembleAnswers answers_;
  BootClock clock_;
  double start_ = clock_.seconds();
  Tokenizer tokenizer_;
  EncodedExam encoded_;
  std::vector<QuestionLengths> lengths_;
  CpuRunner cpu_;
  DeviceRunner runner_;
  DeadlineRun run_;
  std::optional<Progress> progress_;
  double improved_, begun_ = 0;
  std::size_t questions_to_answer_ = 0; // by the current model, as planned when it began
};

} // namespace

std::vector<std::string> EnsembleAnswers::degradations() const {
  std::vector<std::string> all = failures;
  all.insert(all.end(), lost_devices.begin(), lost_devices.end());
  all.insert(all.end(), given_up.begin(), given_up.end());
  return all;
}

EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions,
                                     const EnsembleRequest& request) {
  return PackageRun(package, questions, request)();
}

} // namespace sciexam::inline ensemble
