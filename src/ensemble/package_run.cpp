#include "ensemble/package_run.hpp"

#include "inference/device_runner.hpp"
#include "kernels/dense.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline ensemble {
namespace {

/// Fewer tokens at once leave a device partly idle.
constexpr std::int64_t kDeviceTokens = 2048;

/// One run: the events of the DeadlineRun become progress lines and ever better answers.
class PackageRun {
public:
  PackageRun(const Package& package, const PackageExam& exam, std::int64_t token_budget, const EnsembleRequest& request)
      : package_(package), exam_(exam), request_(request),
        cpu_(package, {exam.readings(), exam.encoded(), exam.tokenizer(), exam.template_options()}, request.threads,
             request.precision, answers_.failures),
        runner_(package, exam.encoded(), cpu_,
                request.devices == nullptr ? std::vector<DeviceProcess*>() : request.devices->open(),
                {.threads = request.threads, .time_limit = request.time_limit, .cpu_token_budget = token_budget}),
        run_(exam.lengths(), exam.streams(), package.manifest().models.size(), clock_, runner_, deadline_options(),
             events()),
        improved_(clock_.seconds()) {}

  EnsembleAnswers operator()() {
    run_.run();
    end_pass();
    answers_.given_up = run_.given_up();
    if (std::string cut = exam_.cut_questions(); !cut.empty() && !answers_.models.empty())
      answers_.given_up.push_back(std::move(cut));
    answers_.lost_devices = runner_.lost();
    return std::move(answers_);
  }

private:
  /// Opening the devices counts.
  std::optional<double> time_left() const {
    return request_.time_limit ? std::optional(*request_.time_limit - (clock_.seconds() - start_)) : std::nullopt;
  }

  DeadlineOptions deadline_options() const {
    const auto devices = static_cast<std::int64_t>(runner_.devices());
    return {.limit = time_left(),
            .token_budget = runner_.token_budget(),
            .efficient_tokens = devices > 0 ? devices * kDeviceTokens : request_.threads * kEfficientRows,
            .cascade = request_.cascade,
            .name_of_reading = [this](std::size_t reading) { return exam_.name_of(reading); }};
  }

  DeadlineEvents events() {
    return {.plan = [](const std::string& text) { log_line(text); },
            .pass_begins = [this](const Pass& pass, std::span<const std::size_t> all) { begin_pass(pass, all); },
            .answered = [this](std::span<const std::size_t> batch) { advance(batch); },
            .stop = request_.stop};
  }

  void begin_pass(const Pass& pass, std::span<const std::size_t> readings) {
    end_pass();
    begun_ = clock_.seconds();
    questions_to_answer_ = readings.size();
    const std::vector<ModelRecord>& models = package_.manifest().models;
    const std::string& name = models[pass.model].name;
    progress_.emplace(name + " (" + std::to_string(pass.model + 1) + " of " + std::to_string(models.size()) +
                          (pass.stream > 0 ? ", context " + std::to_string(pass.stream + 1) : "") + ")",
                      exam_.tokens_of(readings), "tokens");
    const bool loaded_for_it = answers_.work.empty() || answers_.work.back().name != name;
    answers_.work.push_back(
        {.name = name, .context = pass.stream, .load_seconds = loaded_for_it ? run_.load_seconds() : 0});
  }

  void advance(std::span<const std::size_t> batch) {
    ModelWork& work = answers_.work.back();
    work.questions += batch.size();
    work.tokens += exam_.tokens_of(batch);
    work.answer_seconds = clock_.seconds() - begun_;
    progress_->note(std::to_string(work.questions) + " of " + counted(questions_to_answer_, "question"));
    progress_->advance(exam_.tokens_of(batch));
    if (clock_.seconds() - improved_ >= kImprovementInterval)
      show();
  }

  void end_pass() {
    if (!progress_)
      return;
    progress_->finish();
    progress_.reset();
    show();
  }

  /// A model's answers to all readings -> to the questions.
  PartialAnswers of_questions(const PartialAnswers& readings) const {
    PartialAnswers questions(exam_.questions());
    for (std::size_t q = 0; q < questions.size(); ++q) {
      std::vector<OptionLogits> answers;
      for (std::size_t reading = q; reading < readings.size(); reading += questions.size())
        if (readings[reading])
          answers.push_back(*readings[reading]);
      if (!answers.empty())
        questions[q] = combine_contexts(request_.combine_contexts, answers, exam_.readings()[q]);
    }
    return questions;
  }

  void show() {
    answers_.models.clear();
    const std::vector<ModelRecord>& models = package_.manifest().models;
    for (std::size_t m = 0; m < models.size(); ++m) {
      PartialAnswers logits = of_questions(run_.answers()[m]);
      if (std::any_of(logits.begin(), logits.end(), [](const auto& answer) { return answer.has_value(); }))
        answers_.models.push_back(
            {models[m].name, request_.weights.empty() ? models[m].weight : request_.weights[m], std::move(logits)});
    }
    if (request_.improved)
      request_.improved(answers_);
    improved_ = clock_.seconds();
  }

  const Package& package_;
  const PackageExam& exam_;
  const EnsembleRequest& request_;
  EnsembleAnswers answers_;
  BootClock clock_;
  double start_ = clock_.seconds();
  CpuRunner cpu_;
  DeviceRunner runner_;
  DeadlineRun run_;
  std::optional<Progress> progress_;
  double improved_, begun_ = 0;
  std::size_t questions_to_answer_ = 0; // by the current pass, as planned when it began
};

} // namespace

std::string name_of(const ModelWork& work) {
  return work.name + (work.context > 0 ? ", context " + std::to_string(work.context + 1) : "");
}

std::vector<std::string> EnsembleAnswers::degradations() const {
  std::vector<std::string> all = failures;
  all.insert(all.end(), lost_devices.begin(), lost_devices.end());
  all.insert(all.end(), given_up.begin(), given_up.end());
  return all;
}

EnsembleAnswers answer_encoded(const Package& package, const PackageExam& exam, std::int64_t token_budget,
                               const EnsembleRequest& request) {
  return PackageRun(package, exam, token_budget, request)();
}

EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions,
                                     EnsembleRequest request) {
  const BootClock clock;
  const double start = clock.seconds();
  const auto time_left = [&] { return *request.time_limit - (clock.seconds() - start); };
  const PackageExam exam = encode_for(
      package, questions, request.reading.value_or(ReadingOptions{package.template_options()}), request.threads,
      [&] { return (request.stop && request.stop()) || (request.time_limit && time_left() <= 0); });
  const std::int64_t token_budget = plan_token_budget(package, request.precision, exam.lengths());
  if (request.time_limit)
    request.time_limit = time_left();
  return answer_encoded(package, exam, token_budget, request);
}

} // namespace sciexam::inline ensemble
