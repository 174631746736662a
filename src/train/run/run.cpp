#include "train/run/run.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/interrupt.hpp"
#include "support/messages/progress.hpp"
#include "support/text/numbers.hpp"
#include "train/engine/gradient_pass.hpp"
#include "train/inputs/data_order.hpp"
#include "train/optimizer/schedule.hpp"
#include "train/run/checkpoint_folder.hpp"
#include "train/run/loss_watch.hpp"
#include "train/run/run_log.hpp"
#include "train/run/run_state.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include <ATen/core/grad_mode.h>

namespace sciexam {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kAdversarialPass = std::uint32_t{1} << 31; // masks of the second pass of a step

std::int64_t watch_patience(std::int64_t total) {
  constexpr std::int64_t kLeast = 200, kPart = 10;
  return std::max(kLeast, total / kPart);
}

RunProgress resumed(RunStateFiles& states, bool resume, AdamW& optimizer, std::span<const at::Tensor> average,
                    const fs::path& folder) {
  if (!resume && fs::exists(folder / "log.jsonl"))
    throw UsageError(folder.string() +
                     ": holds a run already. Give --resume to go on with it, or another folder with --out");
  return resume ? states.load(optimizer, average).value_or(RunProgress{}) : RunProgress{};
}

class Loop {
public:
  Loop(DebertaForMultipleChoice& network, const RunRequest& request)
      : network_(network), request_(request), settings_(request.settings), train_(*request.train),
        optimizer_(trained_parameters(network, settings_), settings_), rows_(network.config().embedding_size),
        average_(initial_average()), states_(request.folder / "resume", request.identity),
        progress_(resumed(states_, request.resume, optimizer_, average_, request.folder)),
        log_(prepared(request.folder) / "log.jsonl", progress_.step),
        per_epoch_(steps_per_epoch(train_.size(), static_cast<std::size_t>(settings_.batch_size))),
        total_(total_steps(settings_, train_.size())),
        watch_(watch_patience(total_), progress_.loss_average, progress_.pinned_steps) {}

  RunResult run();

private:
  static const fs::path& prepared(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
      throw WorkError(folder.string() + ": cannot be made: " + error.message() + ". Name another folder with --out");
    return folder;
  }
  std::vector<at::Tensor> initial_average() const;
  void swap_average();
  void follow_average();
  const QuestionBatch& batch_of(std::int64_t step);
  std::uint64_t tokens_of_steps(std::int64_t first, std::int64_t last);
  double epoch_at(std::int64_t step) const { return static_cast<double>(step) / static_cast<double>(per_epoch_); }
  double rate_at(std::int64_t step) const {
    return settings_.learning_rate * learning_rate_factor(settings_, step, total_);
  }

  StepRecord train_step();
  BatchLoss gradients(const QuestionBatch& batch);
  void require_finite(double loss, double norm, const QuestionBatch& batch) const;
  void require_finite(std::span<const OptionLogits> logits) const;
  void after_step(const StepRecord& record);
  bool validation_is_due() const;
  bool save_is_due() const;
  void validate();
  bool save_state();
  std::string write_folder(const std::string& name);
  RunResult finish();

  DebertaForMultipleChoice& network_;
  const RunRequest& request_;
  const TrainingSettings& settings_;
  const TrainingSet& train_;
  AdamW optimizer_;
  RowGradients rows_;
  std::vector<at::Tensor> average_; ///< of optimizer_.parameters(), or empty
  RunStateFiles states_;
  RunProgress progress_;
  RunLog log_;
  std::int64_t per_epoch_, total_;
  LossWatch watch_;
  std::int64_t epoch_ = -1; ///< that batches_ is of
  std::vector<QuestionBatch> batches_;
};

std::vector<at::Tensor> Loop::initial_average() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> average;
  if (settings_.ema_decay > 0)
    for (const TrainedParameter& parameter : optimizer_.parameters())
      average.push_back(parameter.tensor.detach().clone());
  return average;
}

/// Exchanges the weights with their average: before and after a validation or a checkpoint.
void Loop::swap_average() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    const at::Tensor& weights = optimizer_.parameters()[i].tensor;
    const at::Tensor kept = weights.clone();
    weights.copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

void Loop::follow_average() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    const at::Tensor& weights = optimizer_.parameters()[i].tensor;
    const auto count = static_cast<std::size_t>(weights.numel());
    if (weights.is_cpu())
      update_average(static_cast<float>(settings_.ema_decay), {average_[i].mutable_data_ptr<float>(), count},
                     {weights.const_data_ptr<float>(), count});
    else
      average_[i].mul_(settings_.ema_decay).add_(weights, 1 - settings_.ema_decay);
  }
}

const QuestionBatch& Loop::batch_of(std::int64_t step) {
  if (const std::int64_t epoch = step / per_epoch_; epoch != epoch_) {
    batches_ = epoch_batches(train_.lengths, epoch,
                             {static_cast<std::uint64_t>(settings_.seed),
                              static_cast<std::size_t>(settings_.batch_size), settings_.group_by_length});
    epoch_ = epoch;
  }
  return batches_[static_cast<std::size_t>(step % per_epoch_)];
}

std::uint64_t Loop::tokens_of_steps(std::int64_t first, std::int64_t last) {
  std::int64_t tokens = 0;
  for (std::int64_t step = first; step < last; ++step)
    for (const std::size_t index : batch_of(step))
      tokens += train_.lengths[index];
  return static_cast<std::uint64_t>(tokens);
}

BatchLoss Loop::gradients(const QuestionBatch& batch) {
  const auto step = static_cast<std::uint32_t>(progress_.step);
  const BatchLoss clean = accumulate_gradients(network_, settings_, train_, batch, step, 0, rows_);
  if (settings_.awp_lr > 0 && epoch_at(progress_.step) >= settings_.awp_start_epoch) {
    const WeightPerturbation perturbed(optimizer_, settings_);
    accumulate_gradients(network_, settings_, train_, batch, step, kAdversarialPass, rows_);
  }
  return clean;
}

void Loop::require_finite(double loss, double norm, const QuestionBatch& batch) const {
  if (std::isfinite(loss) && std::isfinite(norm))
    return;
  std::string places;
  for (const std::size_t index : batch)
    places += (places.empty() ? "" : "; ") + train_.places[index];
  throw WorkError(request_.name + ", step " + std::to_string(progress_.step + 1) + ": the " +
                  (std::isfinite(loss) ? "gradient" : "loss") + " is not finite. The batch was: " + places +
                  ". The last good state is kept; look at these rows, and lower --learning-rate or --max-grad-norm, or "
                  "lengthen --warmup-ratio");
}

void Loop::require_finite(std::span<const OptionLogits> logits) const {
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (!std::all_of(logits[i].begin(), logits[i].end(), [](float logit) { return std::isfinite(logit); }))
      throw WorkError(request_.name + ", step " + std::to_string(progress_.step) + ": the scores of the options of " +
                      request_.valid->places[i] +
                      ", which validates, are not finite. The last good state and weights are kept; lower "
                      "--learning-rate");
}

StepRecord Loop::train_step() {
  const auto start = Clock::now();
  const QuestionBatch& batch = batch_of(progress_.step);
  const BatchLoss loss = gradients(batch);
  const double norm = optimizer_.gradient_norm(rows_);
  require_finite(loss.loss, norm, batch);
  // torch.nn.utils.clip_grad_norm_
  const double scale = settings_.max_grad_norm > 0 ? std::min(1.0, settings_.max_grad_norm / (norm + 1e-6)) : 1.0;
  const double rate = rate_at(progress_.step);
  optimizer_.step(rate, scale, rows_);
  optimizer_.clear_gradients();
  rows_.clear();
  follow_average();
  ++progress_.step;
  progress_.tokens += loss.tokens;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress_.seconds += seconds;
  return {progress_.step, epoch_at(progress_.step), loss.loss, rate, norm, loss.tokens, seconds};
}

bool Loop::validation_is_due() const {
  if (request_.valid == nullptr || request_.valid->empty())
    return false;
  const std::int64_t interval = settings_.eval_steps > 0 ? settings_.eval_steps : per_epoch_;
  return progress_.step % interval == 0 || progress_.step == total_;
}

bool Loop::save_is_due() const {
  if (progress_.step == total_)
    return false;
  return settings_.save_steps > 0 ? progress_.step % settings_.save_steps == 0 : validation_is_due();
}

void Loop::validate() {
  swap_average();
  const std::vector<OptionLogits> logits = logits_of(network_, *request_.valid, request_.name + " validation");
  require_finite(logits);
  const Scores scores = score(*request_.valid, logits);
  log_.validation(progress_.step, epoch_at(progress_.step), scores);
  log_line(printed("%s: validation after step %lld: MAP@3 %.4f, accuracy %.4f, loss %.4f", request_.name.c_str(),
                   static_cast<long long>(progress_.step), scores.map_at_3, scores.accuracy, scores.loss));
  progress_.last = scores;
  const bool better = !progress_.best || scores.map_at_3 > progress_.best->map_at_3 ||
                      (scores.map_at_3 == progress_.best->map_at_3 && scores.loss < progress_.best->loss);
  progress_.validations_without_progress = better ? 0 : progress_.validations_without_progress + 1;
  if (better) {
    progress_.best = scores;
    progress_.best_step = progress_.step;
    if (settings_.load_best_model_at_end)
      write_folder("best");
  }
  swap_average();
  progress_.stopped_early = settings_.early_stopping_patience > 0 &&
                            progress_.validations_without_progress >= settings_.early_stopping_patience;
}

/// False, with a loud message, if the disk would not take it.
bool Loop::save_state() {
  progress_.loss_average = watch_.average();
  progress_.pinned_steps = watch_.pinned_steps();
  try {
    states_.save(progress_, optimizer_, average_);
    return true;
  } catch (const WorkError& error) {
    const std::string text = std::string("THE STATE COULD NOT BE SAVED, the training goes on without: ") + error.what();
    log_line(request_.name + ": " + text);
    log_.warning(progress_.step, text);
    return false;
  }
}

void Loop::after_step(const StepRecord& record) {
  log_.step(record);
  if (const auto warning = watch_.observe(record.loss, record.learning_rate)) {
    log_line(request_.name + ": " + *warning);
    log_.warning(record.step, *warning);
  }
  if (validation_is_due())
    validate();
  if (save_is_due() || progress_.stopped_early)
    save_state();
  if (interrupted() && progress_.step < total_) {
    const bool saved = save_state();
    throw WorkError(request_.name + ": interrupted after step " + std::to_string(progress_.step) +
                    (saved ? "; its state is saved" : "; its state could not be saved") +
                    ". The same command with --resume goes on from the last saved state");
  }
}

std::string Loop::write_folder(const std::string& name) {
  Json record = request_.record;
  record["run"] = {{"name", request_.name},
                   {"settings", to_json(settings_)},
                   {"weights", name},
                   {"steps", progress_.step},
                   {"validation", progress_.last ? to_json(*progress_.last) : Json(nullptr)}};
  return write_checkpoint_folder(network_, request_.folder / name, request_.config_text, request_.vocabulary, record);
}

RunResult Loop::finish() {
  RunResult result;
  swap_average();
  result.weights_sha256 = write_folder("last");
  result.result = "last";
  if (progress_.best && settings_.load_best_model_at_end) {
    result.result = "best";
    result.weights_sha256 = sha256_of_file(request_.folder / "best" / "model.safetensors");
  }
  result.name = request_.name;
  result.steps = progress_.step;
  result.best_step = progress_.best_step;
  result.tokens = progress_.tokens;
  result.seconds = progress_.seconds;
  result.best = progress_.best;
  result.last = progress_.last;
  result.stopped_early = progress_.stopped_early;
  const Json json = {{"identity", request_.identity}, {"result", to_json(result)}};
  write_file_atomically(request_.folder / "result.json", json.dump(1) + "\n");
  states_.remove();
  return result;
}

RunResult Loop::run() {
  const InterruptGuard guard;
  Progress bar(request_.name, tokens_of_steps(0, total_), "tokens");
  if (progress_.step > 0) {
    log_line(request_.name + ": goes on after step " + std::to_string(progress_.step) + " of " +
             std::to_string(total_));
    bar.skip(tokens_of_steps(0, progress_.step));
  }
  while (progress_.step < total_ && !progress_.stopped_early) {
    const StepRecord record = train_step();
    bar.note(printed("step %lld/%lld  loss %.4f  rate %.2e", static_cast<long long>(record.step),
                     static_cast<long long>(total_), watch_.average() == 0 ? record.loss : watch_.average(),
                     record.learning_rate));
    bar.advance(static_cast<std::uint64_t>(record.tokens));
    after_step(record);
  }
  bar.finish();
  return finish();
}

std::optional<Scores> optional_scores(const JsonView& object, const char* name) {
  return object.has(name) ? std::optional(scores_from_json(object.at(name))) : std::nullopt;
}

} // namespace

Json to_json(const RunResult& result) {
  const auto scores = [](const std::optional<Scores>& any) { return any ? to_json(*any) : Json(nullptr); };
  return {{"name", result.name},
          {"result", result.result},
          {"weights_sha256", result.weights_sha256},
          {"steps", result.steps},
          {"best_step", result.best_step},
          {"tokens", result.tokens},
          {"seconds", result.seconds},
          {"best", scores(result.best)},
          {"last", scores(result.last)},
          {"stopped_early", result.stopped_early}};
}

RunResult train_run(DebertaForMultipleChoice& network, const RunRequest& request) {
  return Loop(network, request).run();
}

std::optional<RunResult> finished_run(const fs::path& folder, const std::string& identity) {
  if (!fs::exists(folder / "result.json"))
    return std::nullopt;
  const JsonDocument document = JsonDocument::from_file(folder / "result.json");
  const JsonView root = document.root(), object = root.at("result");
  if (root.at("identity").string() != identity)
    throw UsageError(folder.string() + ": holds the result of a run with other settings, data, base or threads. Train "
                                       "into another folder, or remove this one");
  RunResult result;
  result.name = object.at("name").string();
  result.result = object.at("result").string();
  result.weights_sha256 = object.at("weights_sha256").string();
  result.steps = object.at("steps").integer(0, INT64_MAX);
  result.best_step = object.at("best_step").integer(0, INT64_MAX);
  result.tokens = object.at("tokens").integer(0, INT64_MAX);
  result.seconds = object.at("seconds").number();
  result.best = optional_scores(object, "best");
  result.last = optional_scores(object, "last");
  result.stopped_early = object.at("stopped_early").boolean();
  const fs::path weights = folder / result.result / "model.safetensors";
  if (!fs::exists(weights) || sha256_of_file(weights) != result.weights_sha256)
    throw UsageError(weights.string() + ": is missing or not what the run left. Remove " + folder.string() +
                     " and train it again");
  return result;
}

std::int64_t total_steps(const TrainingSettings& settings, std::size_t questions) {
  if (settings.max_steps > 0)
    return settings.max_steps;
  const auto per_epoch = steps_per_epoch(questions, static_cast<std::size_t>(settings.batch_size));
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(settings.num_train_epochs * static_cast<double>(per_epoch))));
}

} // namespace sciexam
