// A batch on all devices.
#include "ensemble/device_batch.hpp"
#include "ensemble/device_runner.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace sciexam {
namespace {

constexpr std::chrono::milliseconds kBetweenQuestions{20}; // whether to stop

} // namespace

/// What the devices' threads share. Each writes the answers of the parts that it took alone.
struct DeviceRunner::Round {
  /// Questions that go to a device together: places in the batch.
  struct Part {
    std::vector<std::size_t> places;
    std::vector<float> logits = {};
  };

  std::vector<EncodedQuestion> questions;
  std::vector<std::optional<OptionLogits>> answers;
  std::deque<Part> waiting;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t at_work = 0;
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

/// Takes parts until none is left, some ahead of those that run. The answers count if the device is right after them.
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
      throw DeviceError(DeviceFault::device_lost, device.name() + " gives logits that are no numbers");
  }
  if (done.empty())
    return;
  check_probe(device, stop);
  for (const Round::Part& part : done)
    for (std::size_t i = 0; i < part.places.size(); ++i) {
      OptionLogits& answer = round.answers[part.places[i]].emplace();
      std::copy_n(part.logits.begin() + static_cast<std::ptrdiff_t>(i * kOptions), kOptions, answer.begin());
    }
}

/// Questions without an answer that fit on a device.
void DeviceRunner::plan_parts(Round& round) const {
  std::int64_t tokens = 0, room = 0;
  for (const EncodedQuestion& question : round.questions)
    tokens += token_count(question);
  const auto parts = static_cast<std::int64_t>(devices_.size() * DeviceProcess::kInFlight);
  const std::int64_t target = std::min<std::int64_t>(limits_.tokens, tokens / parts + 1);
  const std::size_t most = static_cast<std::size_t>(limits_.sequences) / kOptions;
  for (std::size_t place = 0; place < round.questions.size(); ++place) {
    if (round.answers[place] || !fits(round.questions[place]))
      continue;
    const std::int64_t needed = token_count(round.questions[place]);
    if (round.waiting.empty() || needed > room || round.waiting.back().places.size() == most) {
      round.waiting.emplace_back();
      room = target;
    }
    round.waiting.back().places.push_back(place);
    room -= needed;
  }
}

/// Once through all devices. False if it was stopped: then the devices are no more.
bool DeviceRunner::run_round(Round& round, const std::function<bool()>& stop) {
  plan_parts(round);
  if (round.waiting.empty())
    return true;
  round.at_work = devices_.size();
  std::vector<std::jthread> threads = start_each([&](OnDevice& device) {
    try {
      work(*device.process, round);
    } catch (const std::exception& error) {
      device.failure = error.what();
    }
    const std::lock_guard lock(round.mutex);
    --round.at_work;
    round.ended.notify_all();
  });
  bool stopped = false; // asked here alone: `stop` belongs to the caller's thread
  for (std::unique_lock lock(round.mutex);
       !round.ended.wait_for(lock, kBetweenQuestions, [&] { return round.at_work == 0; });) {
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
  round.waiting.clear(); // what nobody took any more
  return !stopped;
}

/// On the CPU, what has no answer yet.
bool DeviceRunner::answer_rest(std::span<const std::size_t> batch, std::int64_t max_length,
                               const std::function<bool()>& stop, std::vector<std::optional<OptionLogits>>& answers) {
  std::vector<std::size_t> places, questions;
  std::int64_t tokens = 0;
  const auto run = [&] {
    const auto some = cpu_.answer(questions, max_length, stop);
    for (std::size_t i = 0; some && i < places.size(); ++i)
      answers[places[i]] = (*some)[i];
    places.clear();
    questions.clear();
    tokens = 0;
    return some.has_value();
  };
  for (std::size_t place = 0; place < batch.size(); ++place) {
    if (answers[place])
      continue;
    if (!on_cpu_ && !(on_cpu_ = cpu_.load(model_)))
      return false;
    const std::int64_t needed = token_count(cpu_.sequences_of(batch[place], max_length));
    if (!places.empty() && tokens + needed > options_.cpu_token_budget && !run())
      return false;
    places.push_back(place);
    questions.push_back(batch[place]);
    tokens += needed;
  }
  return places.empty() || run();
}

std::optional<std::vector<OptionLogits>>
DeviceRunner::answer(std::span<const std::size_t> batch, std::int64_t max_length, const std::function<bool()>& stop) {
  Round round;
  round.answers.resize(batch.size());
  if (on_devices_)
    for (const std::size_t question : batch)
      round.questions.push_back(cpu_.sequences_of(question, max_length));
  for (std::size_t devices = 0; on_devices_ && devices != devices_.size() && !devices_.empty();) {
    devices = devices_.size(); // once more if some were lost
    if (!run_round(round, stop))
      return std::nullopt;
  }
  if (!answer_rest(batch, max_length, stop, round.answers))
    return std::nullopt;
  std::vector<OptionLogits> logits;
  for (const std::optional<OptionLogits>& answer : round.answers)
    logits.push_back(answer.value());
  return logits;
}

} // namespace sciexam
