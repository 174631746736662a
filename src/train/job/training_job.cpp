#include "train/job/training_job.hpp"

#include "checkpoint/checkpoint.hpp"
#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/interrupt.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/inputs/inputs.hpp"
#include "train/job/disk_check.hpp"
#include "train/job/isa_choice.hpp"
#include "train/job/job_report.hpp"
#include "train/job/job_scores.hpp"
#include "train/job/lock.hpp"
#include "train/job/memory_check.hpp"
#include "train/job/planned_runs.hpp"
#include "train/job/predictions.hpp"
#include "train/job/run_engine.hpp"
#include "train/job/run_identity.hpp"
#include "train/job/run_queue.hpp"
#include "train/job/training_devices.hpp"
#include "train/loop/training_loop.hpp"
#include "train/state/earlier_runs.hpp"
#include "train/state/run_claim.hpp"
#include "train/teacher/teaching.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

class TrainingJob {
public:
  /// `gpus` train, or, if there are none, the CPU does.
  TrainingJob(const TrainingRequest& request, BaseInputs base, std::vector<DeviceProcess*> gpus)
      : request_(request), gpus_(std::move(gpus)), plans_(planned_runs(request)), base_(std::move(base)),
        tokenizer_(Tokenizer::from_bytes(base_.vocabulary.bytes, base_.vocabulary.source)),
        data_(read_data(request.manifest, request.data, tokenizer_, request.threads, least_folds(plans_))) {}

  TrainingOutcome run();

private:
  void prepare();
  void warn(const std::string& sentence);
  RunDisk check(const RunPlan& plan) const;
  struct Finished {
    RunResult result;
    fs::path checkpoint;
    std::optional<Predictions> predictions;
  };
  std::optional<Finished> train(std::size_t number, DeviceProcess* gpu, bool resume);
  std::optional<RunResult> train_claimed(std::size_t number, RunRequest& run, DeviceProcess* gpu);
  bool time_is_up() const { return request_.seconds_left && request_.seconds_left() <= 0; }
  void take_over_earlier_runs() const;
  void keep(std::size_t number, Finished finished);
  void train_side_by_side();
  std::optional<RunResult> train_from_start(DebertaForMultipleChoice& network, const RunRequest& run,
                                            DeviceProcess* gpu) const;
  Json record() const;
  std::string identity(const RunPlan& plan, const RunQuestions& questions) const;
  RunRequest request_for(const RunPlan& plan, const RunQuestions& questions) const;
  Predictions predict(const RunRequest& run, const RunResult& result, DeviceProcess* gpu) const;
  TrainingPlace place() const { return {request_.device, request_.threads}; }
  void write_out_of_fold() const;
  void write_outputs();
  void train_here(std::size_t number, bool resume);
  void wait_for_others();
  void note_unfinished();

  const TrainingRequest& request_;
  std::vector<DeviceProcess*> gpus_;
  std::vector<RunPlan> plans_;
  BaseInputs base_;
  Tokenizer tokenizer_;
  DataInputs data_;
  Json teacher_;       ///< see teach(); null: there is none
  std::mutex keeping_; ///< guards what follows
  RunClaims claims_{request_.out / "claims"};
  std::vector<bool> busy_;                        ///< by plan: another process trained it when we asked
  std::vector<std::optional<Finished>> finished_; ///< by plan
  std::vector<Predictions> predictions_;
  TrainingOutcome outcome_;
};

/// Everything that can be refused is checked before the first run starts.
void TrainingJob::prepare() {
  for (const std::string& note : base_.vocabulary.notes)
    log_line(note);
  if (tokenizer_.vocabulary_size() > base_.config.vocab_size)
    throw InputError({base_.vocabulary.source},
                     "has " + counted(tokenizer_.vocabulary_size(), "token") + ", but config.json only " +
                         std::to_string(base_.config.vocab_size),
                     "Give the vocabulary that belongs to the model");
  for (const std::string& note : data_.notes)
    warn(note);
  if (const std::string warning = handle_near_duplicates(request_.manifest, data_); !warning.empty())
    warn(warning);
  if (std::any_of(plans_.begin(), plans_.end(), [](const RunPlan& plan) { return plan.fold.has_value(); }))
    group_near_duplicates(data_);
  std::vector<RunDisk> on_disk;
  on_disk.reserve(plans_.size());
  for (const RunPlan& plan : plans_)
    on_disk.push_back(check(plan));
  if (!request_.collect)
    require_disk(on_disk, std::max<std::size_t>(gpus_.size(), 1), request_);
  if (request_.manifest.teacher && any_learns(plans_))
    teacher_ = teach(request_, data_); // hours, for large teachers
  take_over_earlier_runs();
}

/// Of all runs that the folder lacks.
void TrainingJob::take_over_earlier_runs() const {
  if (request_.resume)
    for (const RunPlan& plan : plans_)
      if (!request_.earlier.empty() && !fs::exists(request_.out / plan.name))
        take_over(request_.earlier, request_.out / plan.name, identity(plan, questions_of(plan, data_)));
}

void TrainingJob::warn(const std::string& sentence) {
  log_line(sentence);
  outcome_.warnings.push_back(sentence);
}

/// Throws UsageError for a plan that cannot be trained here; the disk that it needs.
RunDisk TrainingJob::check(const RunPlan& plan) const {
  if (request_.on_cpu())
    require_bf16(plan, request_.manifest.isa.has_value());
  const RunQuestions questions = questions_of(plan, data_);
  if (questions.train.empty() || (plan.fold && questions.valid.empty()))
    throw UsageError(plan.name + ": has no " +
                     (questions.train.empty() ? "training questions" : "questions to validate with") +
                     ". Check its data and folds");
  require_lessons(plan, questions.train, request_.manifest.teacher.has_value());
  if (!questions.folds.empty())
    log_line(plan.name + ": folds are " + questions.folds);
  if (plan.settings.early_stopping_patience > 0 && questions.valid.empty())
    throw UsageError(plan.name + ": early_stopping_patience is set, but there are no questions to validate with. Give "
                                 "the manifest a file with the role valid or a fold, or set it to 0");
  const DebertaConfig config = configured(base_.config, plan.settings);
  const PassSize pass = largest_pass(questions.train, plan.settings, request_.threads);
  if (request_.collect)
    return {};
  for (DeviceProcess* gpu : gpus_)
    require_device_memory(config, plan, pass, questions.valid, *gpu, request_.ignore_memory_estimate);
  if (gpus_.empty())
    require_memory(config, plan, pass, request_);
  return run_disk(plan.name, config, plan.settings);
}

Json TrainingJob::record() const {
  return training_record(request_, base_.files, data_.files, teacher_);
}

/// Who collects may have another device than those who train.
std::string TrainingJob::identity(const RunPlan& plan, const RunQuestions& questions) const {
  if (request_.collect)
    for (const char* device : {"cpu", "cuda"})
      if (std::string theirs = run_identity(record(), device, request_.manifest, plan, questions);
          finished_identity(request_.out / plan.name) == theirs)
        return theirs;
  return run_identity(record(), request_.device, request_.manifest, plan, questions);
}

RunRequest TrainingJob::request_for(const RunPlan& plan, const RunQuestions& questions) const {
  RunRequest run;
  run.name = plan.name;
  run.settings = plan.settings;
  run.train = &questions.train;
  run.valid = &questions.valid;
  run.folder = request_.out / plan.name;
  run.files = {base_.config_text, base_.vocabulary, record()};
  run.identity = identity(plan, questions);
  run.machine = training_machine(request_, request_.manifest);
  run.resume = request_.resume;
  run.save_minutes = request_.save_minutes;
  run.seconds_left = request_.seconds_left;
  return run;
}

std::optional<RunResult> TrainingJob::train_from_start(DebertaForMultipleChoice& network, const RunRequest& run,
                                                       DeviceProcess* gpu) const {
  initialise_weights(network, static_cast<std::uint64_t>(run.settings.seed));
  if (!request_.manifest.random_weights)
    load_base_weights(network, base_.weights, request_.manifest.base_layers, request_.threads);
  log_line(run.name + ": " + counted(run.train->size(), "training question") + " (" +
           counted(run.train->total_tokens(), "token") +
           (run.train->further.empty()
                ? ""
                : " with the first of up to " + counted(run.settings.contexts_per_question, "context")) +
           "), " + std::to_string(run.valid->size()) + " to validate, " +
           counted(total_steps(run.settings, run.train->size()), "step"));
  return train_run(*run_engine(network, run, gpu, place()), run);
}

/// Nothing if the time does not suffice, or if another process trains it: then busy_ says so.
std::optional<TrainingJob::Finished> TrainingJob::train(std::size_t number, DeviceProcess* gpu, bool resume) {
  const RunPlan& plan = plans_[number];
  const RunQuestions questions = questions_of(plan, data_);
  RunRequest run = request_for(plan, questions);
  run.resume = resume;
  std::optional<RunResult> result = resume ? finished_run(run.folder, run.identity) : std::nullopt;
  if (result)
    log_line(plan.name + ": has already finished; its result is used");
  else if (!time_is_up())
    result = train_claimed(number, run, gpu);
  if (!result)
    return std::nullopt;
  Finished finished{*result, run.folder / result->result, std::nullopt};
  if (!questions.valid.empty())
    finished.predictions = predict(run, *result, gpu);
  return finished;
}

/// Trains the run if no other process does.
std::optional<RunResult> TrainingJob::train_claimed(std::size_t number, RunRequest& run, DeviceProcess* gpu) {
  std::unique_ptr<RunClaim> claim;
  std::string holder;
  {
    const std::lock_guard lock(keeping_);
    claim = request_.collect ? nullptr : claims_.take(run.name);
    holder = claims_.holder(run.name);
    busy_[number] = claim == nullptr;
  }
  if (!claim && !run.resume)
    throw UsageError(run.name + ": is trained here by " + holder +
                     ". Give --resume to wait for it, or to go on where it ends, or another folder with --out");
  if (!claim)
    return std::nullopt;
  if (run.resume)
    if (const auto result = finished_run(run.folder, run.identity)) // by who had claimed it
      return result;
  run.lost = [&claim] { return claim->lost(); };
  DebertaForMultipleChoice network(configured(base_.config, run.settings));
  return train_from_start(network, run, gpu);
}

Predictions TrainingJob::predict(const RunRequest& run, const RunResult& result, DeviceProcess* gpu) const {
  DebertaForMultipleChoice network(configured(base_.config, run.settings));
  load_weights(network, *open_checkpoint(run.folder / result.result), Purpose::answering, request_.threads);
  const std::string label = run.name + " " + result.result;
  Predictions predictions{run.name, *run.valid, {}};
  if (gpu != nullptr) {
    predictions.logits = device_engine(network, run, *gpu, request_.threads)->logits(*run.valid, label);
  } else {
    network.move_to(request_.device);
    predictions.logits = logits_of(network, *run.valid, label);
  }
  write_predictions(run.folder / "predictions.csv", {&predictions, 1});
  return predictions;
}

/// What is written is in the order of the plans, whichever finished first.
void TrainingJob::keep(std::size_t number, Finished finished) {
  const std::lock_guard lock(keeping_);
  finished_[number] = std::move(finished);
  outcome_.runs.clear();
  outcome_.checkpoints.clear();
  predictions_.clear();
  for (const std::optional<Finished>& one : finished_)
    if (one) {
      outcome_.runs.push_back(one->result);
      outcome_.checkpoints.push_back(one->checkpoint);
      if (one->predictions)
        predictions_.push_back(*one->predictions);
    }
  write_outputs();
}

/// One run at a time on each GPU; that of a GPU that fails goes on from its last state on another one.
void TrainingJob::train_side_by_side() {
  const InterruptGuard guard; // of this thread, for all runs
  RunQueue queue(plans_.size(), request_.resume);
  const auto work = [&](DeviceProcess& gpu) {
    while (const std::optional<RunQueue::Item> item = queue.take())
      try {
        if (std::optional<Finished> finished = train(item->run, &gpu, item->resume))
          keep(item->run, std::move(*finished));
        queue.finish();
      } catch (const DeviceError& error) {
        log_line(plans_[item->run].name + ": " + error.what() + ". Its last state goes on on another GPU");
        queue.give_back(*item);
        return;
      } catch (...) {
        queue.fail(std::current_exception());
        return;
      }
  };
  {
    std::vector<std::jthread> workers;
    for (DeviceProcess* gpu : gpus_)
      workers.emplace_back([&work, gpu] { work(*gpu); });
  }
  queue.rethrow();
  if (queue.left() > 0)
    throw WorkError("all GPUs failed; " + counted(queue.left(), "run") +
                    " not done. Their last states are kept: the same command with --resume continues from them");
}

void TrainingJob::write_out_of_fold() const {
  if (request_.task)
    return;
  for (const std::span<const Predictions> parts : by_run(predictions_, request_.folds))
    write_predictions(request_.out / (without_fold(parts.front().run) + "_out_of_fold.csv"), parts);
}

void TrainingJob::write_outputs() {
  if (request_.task) // others train into the same folder; who collects writes of all
    return;
  const NamedTexts scores = job_scores(predictions_, request_.folds);
  if (!outcome_.runs.empty()) {
    outcome_.lock = make_lock(request_, base_.files, data_.files, teacher_, outcome_, scores);
    write_file_atomically(request_.out / "lock.json", outcome_.lock.dump(1) + "\n");
  }
  write_file_atomically(request_.out / "report.html",
                        training_report(job_report(request_, plans_, data_, outcome_, scores)));
}

void TrainingJob::note_unfinished() {
  for (std::size_t number = 0; number < plans_.size(); ++number)
    if (!finished_[number])
      outcome_.unfinished.push_back(plans_[number].name);
  if (!outcome_.unfinished.empty() && fs::exists(request_.out))
    write_outputs(); // the report shows how far they are
}

/// On the only device, or on the first GPU.
void TrainingJob::train_here(std::size_t number, bool resume) {
  try {
    if (auto finished = train(number, gpus_.empty() ? nullptr : gpus_.front(), resume))
      keep(number, std::move(*finished));
  } catch (const DeviceError& error) {
    throw WorkError(plans_[number].name + ": the GPU failed: " + error.what() +
                    ". The last saved state is kept: the same command with --resume continues from it, with "
                    "--device on another device");
  }
}

/// For the runs that other processes train; those that they leave are trained here.
void TrainingJob::wait_for_others() {
  constexpr auto kInterval = std::chrono::seconds(1);
  const InterruptGuard guard;
  std::set<std::size_t> told;
  while (std::ranges::find(busy_, true) != busy_.end() && !time_is_up()) {
    for (std::size_t number = 0; number < plans_.size(); ++number) {
      if (!busy_[number])
        continue;
      if (told.insert(number).second)
        log_line(plans_[number].name + ": " +
                 (request_.collect ? "is waited for" : "is trained by " + claims_.holder(plans_[number].name)));
      busy_[number] = false;
      train_here(number, true);
    }
    if (interrupted())
      throw WorkError("interrupted while other processes train");
    if (std::ranges::find(busy_, true) != busy_.end())
      std::this_thread::sleep_for(kInterval);
  }
}

TrainingOutcome TrainingJob::run() {
  prepare();
  finished_.resize(plans_.size());
  busy_.resize(plans_.size());
  if (gpus_.size() > 1 && !request_.collect)
    train_side_by_side();
  else
    for (std::size_t number = 0; number < plans_.size(); ++number)
      train_here(number, request_.resume);
  wait_for_others();
  write_out_of_fold();
  note_unfinished();
  return std::move(outcome_);
}

} // namespace

TrainingOutcome train_all(const TrainingRequest& request) {
  TrainingDevices devices(request);
  BaseInputs base = read_base(request.manifest, request.base);
  std::vector<DeviceProcess*> gpus = devices.gpus_for(base.config, request.manifest);
  TrainingRequest resolved = request;
  resolved.device = devices.name();
  resolved.device_facts = devices.facts();
  return TrainingJob(resolved, std::move(base), std::move(gpus)).run();
}

} // namespace sciexam::inline train
