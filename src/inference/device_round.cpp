#include "inference/device_round.hpp"

#include "inference/device_batch.hpp"
#include "inference/device_fit.hpp"
#include "inference/token_batches.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sciexam::inline inference {

bool DeviceRound::plan_parts(const DeviceLimits& limits, std::size_t devices) {
  const auto tokens_of = [&](std::size_t place) { return token_count(questions[place]); };
  std::vector<bool> is_for_cpu(questions.size());
  for (const std::size_t place : for_cpu)
    is_for_cpu[place] = true;
  std::vector<std::size_t> places;
  std::int64_t planned = 0;
  for (std::size_t place = 0; place < questions.size(); ++place)
    if (!answers[place] && fits(questions[place], limits) && !is_for_cpu[place]) {
      places.push_back(place);
      planned += tokens_of(place);
    }
  const auto parts = static_cast<std::int64_t>(devices * DeviceProcess::kInFlight);
  const std::int64_t target = std::min<std::int64_t>(limits.tokens, planned / parts + 1);
  const std::size_t most = static_cast<std::size_t>(limits.sequences) / kOptions;
  waiting.clear(); // what no device took
  for (std::vector<std::size_t>& part : split_by_tokens(places, target, tokens_of, most))
    waiting.push_back({std::move(part)});
  return !places.empty();
}

std::optional<DeviceRound::Part> DeviceRound::take() {
  const std::lock_guard lock(mutex);
  if (waiting.empty())
    return std::nullopt;
  Part part = std::move(waiting.front());
  waiting.pop_front();
  return part;
}

void DeviceRound::answer_parts(DeviceProcess& device, const ProbeErrors& probe_errors) {
  const std::function<bool()> is_stopped = [this] { return stop.load(); };
  std::deque<Part> running;
  std::vector<Part> done;
  for (;;) {
    while (running.size() < DeviceProcess::kInFlight) {
      std::optional<Part> part = take();
      if (!part)
        break;
      DeviceSequences sequences;
      for (const std::size_t place : part->places)
        sequences.add(questions[place]);
      device.submit(sequences.view());
      running.push_back(std::move(*part));
    }
    if (running.empty())
      break;
    done.push_back(std::move(running.front()));
    running.pop_front();
    done.back().logits = device.wait(is_stopped);
    if (!std::all_of(done.back().logits.begin(), done.back().logits.end(), [](float x) { return std::isfinite(x); }))
      throw DeviceError(DeviceFault::device_lost, device.name() + " gives logits that are not numbers");
  }
  if (done.empty())
    return;
  if (const LogitErrors errors = probe_errors(is_stopped); !errors.pass())
    throw DeviceError(DeviceFault::device_lost,
                      device.name() + " gives wrong numbers for the package's probe: " + errors.text());
  std::int64_t own_tokens = 0;
  for (const Part& part : done)
    for (std::size_t i = 0; i < part.places.size(); ++i) {
      OptionLogits& answer = answers[part.places[i]].emplace();
      std::copy_n(part.logits.begin() + static_cast<std::ptrdiff_t>(i * kOptions), kOptions, answer.begin());
      own_tokens += token_count(questions[part.places[i]]);
    }
  const std::lock_guard lock(mutex);
  tokens += own_tokens;
}

} // namespace sciexam::inline inference
