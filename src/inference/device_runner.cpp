#include "inference/device_runner.hpp"

#include "gpu/device_support.hpp"
#include "inference/device_batch.hpp"
#include "inference/device_fit.hpp"
#include "inference/device_loading.hpp"
#include "inference/device_round.hpp"
#include "inference/token_batches.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace sciexam::inline inference {
namespace {

constexpr std::int64_t kLeastTokensToTune = 200'000; // of all models: for fewer, tuning does not pay

/// The comparison with the CPU takes at most this long, and only runs with at least this time limit make it.
constexpr double kCheckSeconds = 60, kLeastLimitToCheck = 600;

constexpr std::chrono::milliseconds kStopInterval{20}; // between two checks whether to stop

constexpr double kShareToLoad = 0.05; // of the work: a smaller share does not justify loading a model on the CPU, too

} // namespace

DeviceRunner::DeviceRunner(const Package& package, std::span<const EncodedQuestion> encoded, CpuRunner& cpu,
                           const std::vector<DeviceProcess*>& devices, const Options& options)
    : package_(package), encoded_(encoded), cpu_(cpu), options_(options) {
  for (DeviceProcess* device : devices)
    devices_.push_back({device});
  if (!devices_.empty())
    limits_ = limits_for(package, encoded, devices_.size());
  std::int64_t tokens = 0;
  for (const EncodedQuestion& question : encoded)
    tokens += token_count(question);
  tune_ = tokens * static_cast<std::int64_t>(package.manifest().models.size()) >= kLeastTokensToTune;
}

std::int64_t DeviceRunner::token_budget() const {
  return devices_.empty() ? options_.cpu_token_budget
                          : static_cast<std::int64_t>(devices_.size()) * kPartsPerDevice * limits_.tokens;
}

/// In a thread per device, followed by `at_end`. What `work` throws becomes the device's failure.
std::vector<std::jthread> DeviceRunner::start_each(const std::function<void(OnDevice&)>& work,
                                                   const std::function<void()>& at_end) {
  const auto attempt = [work, at_end](OnDevice& device) {
    try {
      if (device.failure.empty())
        work(device);
    } catch (const DeviceError& error) {
      device.failure = error.what();
    } catch (const std::exception& error) {
      device.failure = device.process->name() + ": " + error.what();
    }
    if (at_end)
      at_end();
  };
  std::vector<std::jthread> threads;
  for (OnDevice& device : devices_)
    try {
      threads.emplace_back(attempt, std::ref(device));
    } catch (const std::system_error& error) {
      device.failure = device.process->name() + ": the system cannot start a thread for it: " + error.what();
    }
  return threads;
}

/// Devices that fail or refuse are reported and not used from then on.
void DeviceRunner::on_each(const std::function<void(OnDevice&)>& work) {
  start_each(work).clear(); // joins
  drop_failed();
}

void DeviceRunner::drop_failed() {
  std::vector<OnDevice> usable;
  for (const OnDevice& device : devices_)
    if (device.failure.empty() && device.refusal.empty())
      usable.push_back(device);
  const std::string others = usable.empty() ? "the CPU does its work" : "the other GPUs do its work";
  for (const OnDevice& device : devices_)
    if (!device.failure.empty()) {
      lost_.push_back(device.failure + ". It is no longer used: " + others);
      warn_line(lost_.back());
    } else if (!device.refusal.empty()) {
      warn_line(device.refusal + ". It is not used for this model: " + others);
      resting_.push_back({device.process});
    }
  devices_ = std::move(usable);
}

bool DeviceRunner::load(std::size_t model) {
  model_ = model;
  on_cpu_ = false;
  not_on_cpu_.clear();
  devices_.insert(devices_.end(), resting_.begin(), resting_.end());
  resting_.clear();
  on_devices_ = !devices_.empty() && load_devices();
  if (!on_devices_)
    on_cpu_ = cpu_.load(model);
  else if (!on_cpu_ && share_of_cpu() >= kShareToLoad)
    on_cpu_ = cpu_.load_or_say_why(model).empty();
  if (on_devices_)
    cpu_.read_ahead(model + 1);
  return on_devices_ || on_cpu_;
}

/// Why the model cannot run on a device; empty: it can.
std::string DeviceRunner::why_not(const DebertaConfig& config, const WeightSource& source) const {
  for (const TensorInfo& tensor : source.tensors())
    if (tensor.dtype != DType::f16 && tensor.dtype != DType::f32)
      return tensor.name + " is stored as " + std::string(name_of(tensor.dtype)) + ", and GPUs take F16 and F32";
  if (config.position_biased_input && config.max_position_embeddings < limits_.longest)
    return "it has no position for the longest sequence";
  const std::string why = why_no_check_by(package_.manifest().models[model_].probe, limits_);
  return why.empty() ? why_not_on_device(config) : why;
}

/// A damaged model is reported when the CPU tries it.
bool DeviceRunner::load_devices() {
  cpu_.unload();
  try {
    const DebertaConfig config = package_.config(model_);
    const std::unique_ptr<WeightSource> source = package_.open_model(model_);
    if (const std::string why = why_not(config, *source); !why.empty()) {
      warn_line("model " + package_.manifest().models[model_].name + " is answered by the CPU alone: " + why);
      return false;
    }
    const NetworkShape shape = network_shape(config);
    const std::vector<std::uint16_t> rows = relative_rows_of(config, limits_.longest);
    on_each([&](OnDevice& device) { device.process->open_network(shape, limits_, rows); });
    load_weights_of(config, *source);
  } catch (const InputError&) {
    return false;
  } catch (const PackageError&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  check_probes();
  if (!checked_ && !devices_.empty())
    check_against_cpu();
  return !devices_.empty();
}

void DeviceRunner::load_weights_of(const DebertaConfig& config, WeightSource& source) {
  std::vector<DeviceProcess*> processes;
  for (const OnDevice& device : devices_)
    processes.push_back(device.process);
  load_on_devices(config, source, processes, options_.threads,
                  [&](std::size_t device, const std::string& why) { devices_[device].failure = why; });
  on_each([this](OnDevice& device) { device.process->finish_loading(tune_); });
  tune_ = false; // once a run
}

/// Against the logits that the package has for this model.
LogitErrors DeviceRunner::probe_errors(DeviceProcess& device, const std::function<bool()>& stop) const {
  DeviceSequences sequences;
  std::vector<double> expected;
  for (const Probe& sequence : package_.manifest().models[model_].probe) {
    sequences.add(sequence.ids, std::vector<std::int32_t>(sequence.ids.size()));
    expected.push_back(sequence.logit);
  }
  device.submit(sequences.view());
  return compare_logits(device.wait(stop), expected);
}

void DeviceRunner::check_probes() {
  const std::string& model = package_.manifest().models[model_].name;
  on_each([&](OnDevice& device) {
    const LogitErrors errors = probe_errors(*device.process);
    if (errors.pass())
      log_line(device.process->name() + ": probe of " + model + ": " + errors.text());
    else
      device.refusal = device.process->name() + " gives wrong numbers for the probe of " + model + ": " + errors.text();
  });
}

/// The CPU's answers; none, with a line in the log, if it cannot give them.
std::vector<OptionLogits> DeviceRunner::answer_to_check(std::span<const std::size_t> questions) {
  std::string why = cpu_.load_or_say_why(model_);
  const double begin = clock_.seconds();
  on_cpu_ = why.empty();
  std::vector<OptionLogits> logits;
  if (on_cpu_) {
    const BatchAnswers answers =
        cpu_.answer(questions, limits_.longest, [&] { return clock_.seconds() - begin > kCheckSeconds; });
    why = answers.end == BatchAnswers::End::stopped ? "it took too long" : "memory ran out";
    if (answers.end == BatchAnswers::End::complete)
      for (const auto& of_question : answers.logits)
        logits.push_back(of_question.value());
  }
  std::int64_t tokens = 0;
  for (const std::size_t question : questions)
    tokens += token_count(encoded_[question]);
  if (logits.empty())
    log_line("GPU: nothing was compared with the CPU: " + why);
  else
    cpu_speed_.add(tokens, clock_.seconds() - begin);
  return logits;
}

/// Once a run.
void DeviceRunner::check_against_cpu() {
  checked_ = resting_.empty(); // otherwise those are checked with the next model
  const bool enough_time = !options_.time_limit || *options_.time_limit >= kLeastLimitToCheck;
  const std::vector<std::size_t> chosen =
      enough_time ? choose_questions_to_check(encoded_, limits_) : std::vector<std::size_t>();
  if (chosen.empty())
    return;
  const std::vector<OptionLogits> answers = answer_to_check(chosen);
  if (answers.empty())
    return;
  DeviceSequences sequences;
  std::vector<double> expected;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    sequences.add(encoded_[chosen[i]]);
    expected.insert(expected.end(), answers[i].begin(), answers[i].end());
  }
  on_each([&](OnDevice& device) {
    device.process->submit(sequences.view());
    const LogitErrors errors = compare_logits(device.process->wait(), expected);
    if (errors.pass())
      log_line(device.process->name() + ": some of the exam's questions against the CPU in f32: " + errors.text());
    else
      device.refusal = device.process->name() + " does not agree with the CPU: " + errors.text();
  });
  checked_ = resting_.empty();
}

/// The share of the work with which the CPU finishes when the devices do.
double DeviceRunner::share_of_cpu() const {
  if (!hurried_ || !cpu_speed_.measured() || !device_speed_.measured())
    return 0;
  return cpu_speed_.tokens_per_second() / (cpu_speed_.tokens_per_second() + device_speed_.tokens_per_second());
}

/// What does not fit on a device and, if the model is loaded on the CPU, its share of the rest.
std::vector<std::size_t> DeviceRunner::places_for_cpu(const DeviceRound& round) const {
  double room = 0;
  for (const EncodedQuestion& question : round.questions)
    room += on_cpu_ ? share_of_cpu() * static_cast<double>(token_count(question)) : 0;
  std::vector<std::size_t> places;
  for (std::size_t place = round.questions.size(); place-- > 0;)
    if (const auto needed = static_cast<double>(token_count(round.questions[place]));
        needed <= room || !fits(round.questions[place], limits_)) {
      places.push_back(place);
      room -= needed;
    }
  return places;
}

/// Once through all devices, with the CPU beside them. False if it was stopped: the devices are gone then.
bool DeviceRunner::run_round(DeviceRound& round, const std::function<bool()>& stop) {
  const double begin = clock_.seconds();
  round.ended = 0;
  round.tokens = 0;
  std::vector<std::jthread> threads = start_each(
      [&](OnDevice& device) {
        round.answer_parts(*device.process,
                           [&](const std::function<bool()>& ended) { return probe_errors(*device.process, ended); });
      },
      [&] {
        const std::lock_guard lock(round.mutex);
        ++round.ended;
        round.end = clock_.seconds();
        round.changed.notify_all();
      });
  // Asked here alone: `stop` belongs to the caller's thread.
  const BatchAnswers::End on_cpu = answer_on_cpu(round, round.for_cpu, stop);
  bool stopped = on_cpu == BatchAnswers::End::stopped;
  if (on_cpu == BatchAnswers::End::out_of_memory)
    cpu_speed_ = SpeedEstimate(1); // no share from now on
  round.for_cpu.clear();
  round.stop = stopped;
  for (std::unique_lock lock(round.mutex);
       !round.changed.wait_for(lock, kStopInterval, [&] { return round.ended == threads.size(); });) {
    lock.unlock();
    stopped = stopped || stop();
    round.stop = stopped;
    lock.lock();
  }
  threads.clear(); // joins
  if (stopped)
    devices_.clear();
  else
    drop_failed();
  if (round.tokens > 0)
    device_speed_.add(round.tokens, round.end - begin);
  return !stopped;
}

/// False if this model cannot be loaded there: not_on_cpu_ says why.
bool DeviceRunner::load_on_cpu() {
  if (!on_cpu_ && not_on_cpu_.empty()) {
    not_on_cpu_ = cpu_.load_or_say_why(model_);
    on_cpu_ = not_on_cpu_.empty();
  }
  return on_cpu_;
}

/// In portions of the CPU's own size. Where devices answer, too, a smaller portion is tried here if memory runs out, so
/// that their batches need not become smaller.
BatchAnswers::End DeviceRunner::answer_on_cpu(DeviceRound& round, std::span<const std::size_t> places,
                                              const std::function<bool()>& stop) {
  using End = BatchAnswers::End;
  while (!places.empty()) {
    if (stop())
      return End::stopped; // before loading, which nothing can stop
    if (!load_on_cpu())
      return devices_.empty() ? End::model_lost : End::impossible;
    const std::size_t count = count_in_batch(places.size(), options_.cpu_token_budget,
                                             [&](std::size_t i) { return token_count(round.questions[places[i]]); });
    std::vector<std::size_t> questions;
    std::int64_t tokens = 0;
    for (const std::size_t place : places.first(count)) {
      questions.push_back(round.batch[place]);
      tokens += token_count(round.questions[place]);
    }
    const double begin = clock_.seconds();
    const BatchAnswers answers = cpu_.answer(questions, round.max_length, stop);
    for (std::size_t i = 0; i < count; ++i)
      if (answers.logits[i]) {
        round.answers[places[i]] = answers.logits[i];
        ++answers_of_cpu_;
      }
    if (answers.end == End::out_of_memory && on_devices_ && count > 1) {
      options_.cpu_token_budget = std::max<std::int64_t>(1, tokens / 2);
      continue;
    }
    if (answers.end != End::complete)
      return answers.end;
    cpu_speed_.add(tokens, clock_.seconds() - begin);
    places = places.subspan(count);
  }
  return End::complete;
}

BatchAnswers DeviceRunner::answer(std::span<const std::size_t> batch, std::int64_t max_length,
                                  const std::function<bool()>& stop) {
  using End = BatchAnswers::End;
  DeviceRound round{.batch = batch, .max_length = max_length};
  round.answers.resize(batch.size());
  for (const std::size_t question : batch)
    round.questions.push_back(cpu_.sequences_of(question, max_length));
  if (on_devices_)
    round.for_cpu = places_for_cpu(round);
  if (on_cpu_ && on_devices_ && share_of_cpu() > 0 && !std::exchange(shares_, true))
    log_line("time is short: the CPU answers beside the GPUs, " + std::to_string(std::lround(100 * share_of_cpu())) +
             " % of the questions");
  while (on_devices_ && !devices_.empty() &&
         round.plan_parts(limits_, devices_.size())) // again where devices were lost on the way
    if (!run_round(round, stop))
      return {.logits = std::move(round.answers), .end = End::stopped};
  std::vector<std::size_t> rest;
  for (std::size_t place = 0; place < batch.size(); ++place)
    if (!round.answers[place])
      rest.push_back(place);
  const End end = answer_on_cpu(round, rest, stop);
  return {.logits = std::move(round.answers),
          .end = end,
          .why = end == End::impossible ? "it does not fit on a GPU, and the CPU cannot load the model: " + not_on_cpu_
                                        : not_on_cpu_};
}

} // namespace sciexam::inline inference
