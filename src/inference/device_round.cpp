// A batch on all devices.
#include "inference/device_batch.hpp"
#include "inference/device_runner.hpp"
#include "inference/token_batches.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace sciexam {
namespace {

constexpr std::chrono::milliseconds kStopInterval{20}; // between two looks at whether to stop

} // namespace

/// A batch, and what the devices' threads share. Each thread alone writes the answers of the parts that it took; the
/// CPU writes those of other places.
struct DeviceRunner::Round {
  /// Questions that go to a device together: places in the batch.
  struct Part {
    std::vector<std::size_t> places;
    std::vector<float> logits = {};
  };

  std::span<const std::size_t> batch;
  std::int64_t max_length = 0;
  std::vector<EncodedQuestion> questions = {};
  PartialAnswers answers = {};
  std::vector<std::size_t> for_cpu = {}; ///< places that the CPU answers meanwhile
  std::deque<Part> waiting = {};
  std::mutex mutex = {};
  std::condition_variable changed = {};
  std::size_t ended = 0;   ///< threads
  std::int64_t tokens = 0; ///< that devices answered
  double end = 0;          ///< of the last thread
  std::atomic<bool> stop = false;

  std::optional<Part> take() {
    const std::lock_guard lock(mutex);
    if (waiting.empty())
      return std::nullopt;
    Part part = std::move(waiting.front());
    waiting.pop_front();
    return part;
  }
};

/// Takes parts until none is left, some ahead of those that run. The answers count if the probe is right after them.
void DeviceRunner::work(DeviceProcess& device, Round& round) const {
  const auto stop = [&] { return round.stop.load(); };
  std::deque<Round::Part> running;
  std::vector<Round::Part> done;
  for (;;) {
    while (running.size() < DeviceProcess::kInFlight) {
      std::optional<Round::Part> part = round.take();
      if (!part)
        break;
      DeviceSequences sequences;
      for (const std::size_t place : part->places)
        sequences.add(round.questions[place]);
      device.submit(sequences.view());
      running.push_back(std::move(*part));
    }
    if (running.empty())
      break;
    done.push_back(std::move(running.front()));
    running.pop_front();
    done.back().logits = device.wait(stop);
    if (!std::all_of(done.back().logits.begin(), done.back().logits.end(), [](float x) { return std::isfinite(x); }))
      throw DeviceError(DeviceFault::device_lost, device.name() + " gives logits that are not numbers");
  }
  if (done.empty())
    return;
  if (const LogitErrors errors = probe_errors(device, stop); !errors.pass())
    throw DeviceError(DeviceFault::device_lost,
                      device.name() + " gives wrong numbers for the package's probe: " + errors.text());
  std::int64_t tokens = 0;
  for (const Round::Part& part : done)
    for (std::size_t i = 0; i < part.places.size(); ++i) {
      OptionLogits& answer = round.answers[part.places[i]].emplace();
      std::copy_n(part.logits.begin() + static_cast<std::ptrdiff_t>(i * kOptions), kOptions, answer.begin());
      tokens += token_count(round.questions[part.places[i]]);
    }
  const std::lock_guard lock(round.mutex);
  round.tokens += tokens;
}

/// Cuts the questions without an answer that are for the devices into parts. False if there are none.
bool DeviceRunner::plan_parts(Round& round) const {
  const auto tokens_of = [&](std::size_t place) { return token_count(round.questions[place]); };
  std::vector<bool> for_cpu(round.questions.size());
  for (const std::size_t place : round.for_cpu)
    for_cpu[place] = true;
  std::vector<std::size_t> places;
  std::int64_t tokens = 0;
  for (std::size_t place = 0; place < round.questions.size(); ++place)
    if (!round.answers[place] && fits(round.questions[place]) && !for_cpu[place]) {
      places.push_back(place);
      tokens += tokens_of(place);
    }
  const auto parts = static_cast<std::int64_t>(devices_.size() * DeviceProcess::kInFlight);
  const std::int64_t target = std::min<std::int64_t>(limits_.tokens, tokens / parts + 1);
  const std::size_t most = static_cast<std::size_t>(limits_.sequences) / kOptions;
  round.waiting.clear(); // what no device took
  for (std::vector<std::size_t>& part : split_by_tokens(places, target, tokens_of, most))
    round.waiting.push_back({std::move(part)});
  return !places.empty();
}

/// The part of the work with which the CPU ends when the devices do.
double DeviceRunner::share_of_cpu() const {
  if (!hurried_ || !cpu_speed_.measured() || !device_speed_.measured())
    return 0;
  return cpu_speed_.tokens_per_second() / (cpu_speed_.tokens_per_second() + device_speed_.tokens_per_second());
}

/// What does not fit on a device and, if the model is loaded on the CPU, its share of the rest.
std::vector<std::size_t> DeviceRunner::places_for_cpu(const Round& round) const {
  double room = 0;
  for (const EncodedQuestion& question : round.questions)
    room += on_cpu_ ? share_of_cpu() * static_cast<double>(token_count(question)) : 0;
  std::vector<std::size_t> places;
  for (std::size_t place = round.questions.size(); place-- > 0;)
    if (const auto needed = static_cast<double>(token_count(round.questions[place]));
        needed <= room || !fits(round.questions[place])) {
      places.push_back(place);
      room -= needed;
    }
  return places;
}

/// Once through all devices, with the CPU beside them. False if it was stopped: the devices are gone then.
bool DeviceRunner::run_round(Round& round, const std::function<bool()>& stop) {
  const double begin = clock_.seconds();
  round.ended = 0;
  round.tokens = 0;
  std::vector<std::jthread> threads = start_each([&](OnDevice& device) { work(*device.process, round); },
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
    cpu_speed_ = SpeedEstimate(1); // no share any more
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

/// In portions of the CPU's own size. Where devices answer, too, a smaller portion is tried here if memory runs out:
/// their batches need not become smaller.
BatchAnswers::End DeviceRunner::answer_on_cpu(Round& round, std::span<const std::size_t> places,
                                              const std::function<bool()>& stop) {
  using End = BatchAnswers::End;
  while (!places.empty()) {
    if (stop())
      return End::stopped; // before a loading, which nothing can stop
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
  Round round{.batch = batch, .max_length = max_length};
  round.answers.resize(batch.size());
  for (const std::size_t question : batch)
    round.questions.push_back(cpu_.sequences_of(question, max_length));
  if (on_devices_)
    round.for_cpu = places_for_cpu(round);
  if (on_cpu_ && on_devices_ && share_of_cpu() > 0 && !std::exchange(shares_, true))
    log_line("time is short: the CPU answers beside the GPUs, " + std::to_string(std::lround(100 * share_of_cpu())) +
             " % of the questions");
  while (on_devices_ && !devices_.empty() && plan_parts(round)) // again where devices were lost on the way
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

} // namespace sciexam
