#include "train/loop/training_loop.hpp"

#include "support/errors.hpp"
#include "support/files/sha256.hpp"
#include "support/machine/interrupt.hpp"
#include "support/messages/progress.hpp"
#include "support/text/numbers.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/loop/loss_watch.hpp"
#include "train/optimizer/schedule.hpp"
#include "train/state/run_log.hpp"
#include "train/state/run_state.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kAdversarialPass = std::uint32_t{1} << 31; // masks of the second pass of a step

std::int64_t watch_patience(std::int64_t total) {
  constexpr std::int64_t kLeast = 200, kPart = 10;
  return std::max(kLeast, total / kPart);
}

RunProgress resumed(const RunStateFiles& states, TrainingEngine& engine, const RunRequest& request) {
  if (!request.resume && fs::exists(request.folder / "log.jsonl"))
    throw UsageError(request.folder.string() +
                     ": already holds a run. Give --resume to continue it, or another folder with --out");
  return request.resume ? states.load(engine).value_or(RunProgress{}) : RunProgress{};
}

const fs::path& prepared(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw WorkError(folder.string() + ": cannot be created: " + error.message() + ". Name another folder with --out");
  return folder;
}

/// torch.nn.utils.clip_grad_norm_
double clipping_scale(double max_norm, double norm) {
  return max_norm > 0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1.0;
}

class TrainingLoop {
public:
  TrainingLoop(TrainingEngine& engine, const RunRequest& request)
      : engine_(engine), request_(request), settings_(request.settings), train_(*request.train),
        states_(request.folder / "resume", request.identity), progress_(resumed(states_, engine, request)),
        log_(prepared(request.folder) / "log.jsonl", progress_.step), order_(train_, settings_),
        watch_(watch_patience(order_.total_steps()), progress_.loss_average, progress_.pinned_steps) {}

  std::optional<RunResult> run();

private:
  double rate_at(std::int64_t step) const {
    return settings_.learning_rate * learning_rate_factor(settings_, step, order_.total_steps());
  }
  StepRecord train_step();
  BatchLoss gradients(const QuestionBatch& batch);
  void require_finite(double loss, double norm, const QuestionBatch& batch) const;
  void require_finite(std::span<const OptionLogits> logits) const;
  void after_step(const StepRecord& record);
  bool validation_is_due(std::int64_t step) const;
  bool save_is_due() const;
  void validate();
  void keep_best(const Scores& scores);
  bool save_state();
  void require_ours() const;
  std::string write_folder(const std::string& name);
  bool time_is_up() const;
  void stop();
  RunResult finish();

  TrainingEngine& engine_;
  const RunRequest& request_;
  const TrainingSettings& settings_;
  const TrainingSet& train_;
  RunStateFiles states_;
  RunProgress progress_;
  RunLog log_;
  BatchOrder order_;
  LossWatch watch_;
  Clock::time_point saved_ = Clock::now();   ///< the last state
  std::int64_t saved_step_ = progress_.step; ///< its step, as far as this process knows
  double step_ = 0, validation_ = 0;         ///< seconds of the last ones
};

BatchLoss TrainingLoop::gradients(const QuestionBatch& batch) {
  const auto step = static_cast<std::uint32_t>(progress_.step);
  const BatchLoss clean = engine_.add_gradients(batch, step, 0);
  if (settings_.awp_lr > 0 && order_.epoch_at(progress_.step) >= settings_.awp_start_epoch) {
    engine_.perturb();
    engine_.add_gradients(batch, step, kAdversarialPass);
    engine_.restore();
  }
  return clean;
}

void TrainingLoop::require_finite(double loss, double norm, const QuestionBatch& batch) const {
  if (std::isfinite(loss) && std::isfinite(norm))
    return;
  std::string places;
  for (const std::size_t index : batch)
    places += (places.empty() ? "" : "; ") + train_.places[index];
  throw WorkError(request_.name + ", step " + std::to_string(progress_.step + 1) + ": the " +
                  (std::isfinite(loss) ? "gradient" : "loss") + " is not finite. The batch was: " + places +
                  ". The last good state is kept; check these rows, and lower --learning-rate or --max-grad-norm, or "
                  "lengthen --warmup-ratio");
}

void TrainingLoop::require_finite(std::span<const OptionLogits> logits) const {
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (!std::all_of(logits[i].begin(), logits[i].end(), [](float logit) { return std::isfinite(logit); }))
      throw WorkError(request_.name + ", step " + std::to_string(progress_.step) + ": the scores of the options of " +
                      request_.valid->places[i] +
                      ", which validates, are not finite. The last good state and weights are kept; lower "
                      "--learning-rate");
}

StepRecord TrainingLoop::train_step() {
  const auto start = Clock::now();
  const QuestionBatch& batch = order_.batch_of(progress_.step);
  const BatchLoss loss = gradients(batch);
  const double norm = engine_.gradient_norm();
  require_finite(loss.loss, norm, batch);
  const double rate = rate_at(progress_.step);
  engine_.step(rate, clipping_scale(settings_.max_grad_norm, norm));
  ++progress_.step;
  progress_.tokens += loss.tokens;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress_.seconds += seconds;
  step_ = seconds;
  return {progress_.step, order_.epoch_at(progress_.step), loss.loss, rate, norm, loss.tokens, seconds};
}

bool TrainingLoop::validation_is_due(std::int64_t step) const {
  if (request_.valid == nullptr || request_.valid->empty())
    return false;
  const std::int64_t interval = settings_.eval_steps > 0 ? settings_.eval_steps : order_.steps_per_epoch();
  return step % interval == 0 || step == order_.total_steps();
}

bool TrainingLoop::save_is_due() const {
  if (progress_.step == order_.total_steps())
    return false;
  if (request_.save_minutes > 0)
    return Clock::now() - saved_ >= std::chrono::duration<double>(60 * request_.save_minutes);
  return settings_.save_steps > 0 ? progress_.step % settings_.save_steps == 0 : validation_is_due(progress_.step);
}

void TrainingLoop::validate() {
  const auto start = Clock::now();
  engine_.swap_average();
  const std::vector<OptionLogits> logits = engine_.logits(*request_.valid, request_.name + " validation");
  require_finite(logits);
  const Scores scores = score(*request_.valid, logits);
  log_.validation(progress_.step, order_.epoch_at(progress_.step), scores);
  log_line(printed("%s: validation after step %lld: MAP@3 %.4f, accuracy %.4f, loss %.4f", request_.name.c_str(),
                   static_cast<long long>(progress_.step), scores.map_at_3, scores.accuracy, scores.loss));
  progress_.last = scores;
  keep_best(scores);
  engine_.swap_average();
  progress_.stopped_early = settings_.early_stopping_patience > 0 &&
                            progress_.validations_without_progress >= settings_.early_stopping_patience;
  validation_ = std::chrono::duration<double>(Clock::now() - start).count();
}

void TrainingLoop::keep_best(const Scores& scores) {
  const bool better = !progress_.best || scores.map_at_3 > progress_.best->map_at_3 ||
                      (scores.map_at_3 == progress_.best->map_at_3 && scores.loss < progress_.best->loss);
  progress_.validations_without_progress = better ? 0 : progress_.validations_without_progress + 1;
  if (!better)
    return;
  progress_.best = scores;
  progress_.best_step = progress_.step;
  if (settings_.load_best_model_at_end)
    write_folder("best");
}

void TrainingLoop::require_ours() const {
  if (request_.lost && request_.lost())
    throw WorkError(request_.name + ": another process has taken this run over, as nothing was heard of this one for "
                                    "long. It is left to that one");
}

/// False, with a loud message, if it cannot be written.
bool TrainingLoop::save_state() {
  require_ours();
  progress_.loss_average = watch_.average();
  progress_.pinned_steps = watch_.pinned_steps();
  try {
    states_.save(progress_, engine_);
    saved_ = Clock::now();
    saved_step_ = progress_.step;
    return true;
  } catch (const WorkError& error) {
    const std::string text =
        std::string("THE STATE COULD NOT BE SAVED, the training continues without it: ") + error.what();
    log_line(request_.name + ": " + text);
    log_.warning(progress_.step, text);
    return false;
  }
}

void TrainingLoop::after_step(const StepRecord& record) {
  log_.step(record);
  if (const auto warning = watch_.observe(record.loss, record.learning_rate)) {
    log_line(request_.name + ": " + *warning);
    log_.warning(record.step, *warning);
  }
  if (validation_is_due(progress_.step))
    validate();
  if (save_is_due() || progress_.stopped_early)
    save_state();
  if (interrupted() && progress_.step < order_.total_steps()) {
    const bool saved = save_state();
    throw WorkError(request_.name + ": interrupted after step " + std::to_string(progress_.step) +
                    (saved ? "; its state is saved" : "; its state could not be saved") +
                    ". The same command with --resume continues from the last saved state");
  }
}

/// The next step would take longer than what is left, if it takes as long as the last one.
bool TrainingLoop::time_is_up() const {
  return request_.seconds_left &&
         request_.seconds_left() <= step_ + (validation_is_due(progress_.step + 1) ? validation_ : 0);
}

void TrainingLoop::stop() {
  const std::string where = request_.name + ": the time is up after step " + std::to_string(progress_.step) + " of " +
                            std::to_string(order_.total_steps());
  if (progress_.step != saved_step_ && !save_state())
    throw WorkError(where + "; its state could not be saved. An earlier one, if there is one, is kept");
  log_line(where + (progress_.step > 0 ? "; its state is saved" : ""));
}

std::string TrainingLoop::write_folder(const std::string& name) {
  require_ours();
  CheckpointFiles files = request_.files;
  files.record["run"] = {{"name", request_.name},
                         {"settings", to_json(settings_)},
                         {"weights", name},
                         {"steps", progress_.step},
                         {"validation", progress_.last ? to_json(*progress_.last) : Json(nullptr)}};
  return write_checkpoint_folder(request_.folder / name, files,
                                 [&](const fs::path& file) { engine_.save_weights(file); });
}

RunResult TrainingLoop::finish() {
  RunResult result;
  engine_.swap_average();
  result.result = progress_.best && settings_.load_best_model_at_end ? "best" : "last";
  result.weights_sha256 =
      result.result == "best" ? sha256_of_file(request_.folder / "best" / "model.safetensors") : write_folder("last");
  result.name = request_.name;
  result.steps = progress_.step;
  result.best_step = progress_.best_step;
  result.tokens = progress_.tokens;
  result.seconds = progress_.seconds;
  result.best = progress_.best;
  result.last = progress_.last;
  result.stopped_early = progress_.stopped_early;
  result.machine = request_.machine;
  write_result(request_.folder, request_.identity, result);
  states_.remove();
  return result;
}

std::optional<RunResult> TrainingLoop::run() {
  const InterruptGuard guard;
  const std::int64_t total = order_.total_steps();
  Progress bar(request_.name, order_.tokens_of_steps(0, total), "tokens");
  if (progress_.step > 0) {
    log_line(request_.name + ": continues after step " + std::to_string(progress_.step) + " of " +
             std::to_string(total));
    bar.skip(order_.tokens_of_steps(0, progress_.step));
  }
  while (progress_.step < total && !progress_.stopped_early) {
    if (time_is_up()) {
      stop();
      return std::nullopt;
    }
    const StepRecord record = train_step();
    bar.note(printed("step %lld/%lld  loss %.4f  rate %.2e", static_cast<long long>(record.step),
                     static_cast<long long>(total), watch_.average() == 0 ? record.loss : watch_.average(),
                     record.learning_rate));
    bar.advance(static_cast<std::uint64_t>(record.tokens));
    after_step(record);
  }
  bar.finish();
  return finish();
}

} // namespace

std::optional<RunResult> train_run(TrainingEngine& engine, const RunRequest& request) {
  return TrainingLoop(engine, request).run();
}

} // namespace sciexam::inline train
