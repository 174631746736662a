#include "ensemble/device_runner.hpp"

#include "checkpoint/parameters.hpp"
#include "ensemble/device_batch.hpp"
#include "gpu/device_support.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"

#include <algorithm>
#include <map>
#include <new>
#include <numeric>
#include <thread>

namespace sciexam {
namespace {

/// A part is one of so many for each device: some lie ready while others run, and the last ones end at about the
/// same time.
constexpr std::int64_t kPartsPerDevice = DeviceProcess::kInFlight;
constexpr std::int32_t kRound = 64;                  // tokens; a tile's rows
constexpr std::int64_t kLeastTokensToTune = 200'000; // of all models: less is done before tuning has paid

/// What is held against the CPU: not more than this many tokens, for not longer than this, in no shorter run.
constexpr std::int64_t kCheckedTokens = 1024;
constexpr double kCheckSeconds = 60, kLeastLimitToCheck = 600;

std::int32_t longest_of(const EncodedQuestion& question) {
  std::size_t longest = 0;
  for (const Encoding& encoding : question)
    longest = std::max(longest, encoding.ids.size());
  return static_cast<std::int32_t>(longest);
}

/// Room for the exam's parts and the probes; what is longer is for the CPU.
DeviceLimits limits_for(const Package& package, std::span<const EncodedQuestion> encoded, std::size_t devices) {
  std::int64_t all = 0, most = 0, longest = 1;
  for (const EncodedQuestion& question : encoded) {
    all += token_count(question);
    most = std::max(most, token_count(question));
    longest = std::max<std::int64_t>(longest, longest_of(question));
  }
  most = std::max(most, all / (static_cast<std::int64_t>(devices) * kPartsPerDevice) + 1);
  for (const ModelRecord& model : package.manifest().models) {
    std::int64_t tokens = 0;
    for (const Probe& sequence : model.probe) {
      tokens += static_cast<std::int64_t>(sequence.ids.size());
      longest = std::max(longest, static_cast<std::int64_t>(sequence.ids.size()));
    }
    most = std::max(most, tokens);
  }
  const auto round = [](std::int64_t value, std::int32_t limit) {
    return static_cast<std::int32_t>(std::min<std::int64_t>((value + kRound - 1) / kRound * kRound, limit));
  };
  const DeviceLimits& limits = protocol::kMost;
  return {round(most, limits.tokens), limits.sequences, round(longest, limits.longest)};
}

} // namespace

DeviceRunner::DeviceRunner(const Package& package, std::span<const EncodedQuestion> encoded, NetworkRunner& cpu,
                           std::vector<DeviceProcess*> devices, const Options& options)
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

/// In a thread for each device. What it throws becomes the device's failure.
std::vector<std::jthread> DeviceRunner::start_each(const std::function<void(OnDevice&)>& work) {
  std::vector<std::jthread> threads;
  for (OnDevice& device : devices_)
    threads.emplace_back([&device, work] {
      try {
        if (device.failure.empty())
          work(device);
      } catch (const std::exception& error) {
        device.failure = error.what();
      }
    });
  return threads;
}

/// Those that fail are told and left out from then on.
void DeviceRunner::on_each(const std::function<void(OnDevice&)>& work) {
  start_each(work).clear(); // joins
  drop_failed();
}

void DeviceRunner::drop_failed() {
  std::vector<OnDevice> usable;
  for (const OnDevice& device : devices_)
    if (device.failure.empty())
      usable.push_back(device);
  for (const OnDevice& device : devices_)
    if (!device.failure.empty())
      warn_line(device.failure + ". It is not used any more: " +
                (usable.empty() ? "the CPU does the work" : "the other GPUs do its work"));
  devices_ = std::move(usable);
}

bool DeviceRunner::load(std::size_t model) {
  model_ = model;
  on_cpu_ = false;
  on_devices_ = !devices_.empty() && load_devices();
  if (!on_devices_)
    on_cpu_ = cpu_.load(model);
  return on_devices_ || on_cpu_;
}

/// Why the model is none for a device; empty: it is one.
std::string DeviceRunner::why_not(const DebertaConfig& config, const WeightSource& source) const {
  for (const TensorInfo& tensor : source.tensors())
    if (tensor.dtype != DType::f16 && tensor.dtype != DType::f32)
      return tensor.name + " is stored as " + std::string(name_of(tensor.dtype));
  if (config.position_biased_input && config.max_position_embeddings < limits_.longest)
    return "it has no position for the longest sequence";
  return why_not_on_device(config);
}

/// A model that is damaged is told when the CPU tries it.
bool DeviceRunner::load_devices() {
  cpu_.unload();
  try {
    const DebertaConfig config = package_.config(model_);
    const std::unique_ptr<WeightSource> source = package_.open_model(model_);
    if (const std::string why = why_not(config, *source); !why.empty()) {
      log_line("GPU: model " + package_.manifest().models[model_].name + " is for the CPU: " + why);
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

/// Reads them once, for all devices.
void DeviceRunner::load_weights_of(const DebertaConfig& config, WeightSource& source) {
  std::map<std::string, std::string> names; // of the parameters, by the stored one
  for (const auto& [name, stored] : match_parameters(parameters_of(config), source, Purpose::answering).stored_name)
    names.emplace(stored, name);
  std::mutex failing;
  const auto send = [&](OnDevice& device, const TensorChunk& chunk) {
    try {
      const auto element = chunk.tensor.dtype == DType::f16 ? DeviceNetwork::Element::f16 : DeviceNetwork::Element::f32;
      if (device.process->alive())
        device.process->load(names.at(chunk.tensor.name), chunk.first, element, chunk.bytes);
    } catch (const DeviceError& error) {
      const std::lock_guard lock(failing);
      if (device.failure.empty())
        device.failure = error.what();
    }
  };
  source.read([&](const TensorInfo& tensor) { return names.contains(tensor.name); },
              [&](const TensorChunk& chunk) {
                for (OnDevice& device : devices_)
                  send(device, chunk);
              },
              options_.threads);
  on_each([this](OnDevice& device) { device.process->finish_loading(tune_); });
  tune_ = false; // once a run
}

/// Errors of the logits that the package has for this model. Throws DeviceError if they are beyond the gate.
LogitErrors DeviceRunner::check_probe(DeviceProcess& device, const std::function<bool()>& stop) const {
  DeviceSequences sequences;
  std::vector<double> expected;
  for (const Probe& sequence : package_.manifest().models[model_].probe) {
    sequences.add(sequence.ids, std::vector<std::int32_t>(sequence.ids.size()));
    expected.push_back(sequence.logit);
  }
  if (expected.empty() || sequences.ids.size() > static_cast<std::size_t>(limits_.tokens))
    return {};
  device.submit(sequences.view());
  const LogitErrors errors = compare_logits(device.wait(stop), expected);
  if (!errors.pass())
    throw DeviceError(DeviceFault::device_lost,
                      device.name() + " gives wrong numbers for the package's probe: " + errors.text());
  return errors;
}

void DeviceRunner::check_probes() {
  std::vector<LogitErrors> errors(devices_.size());
  on_each([&](OnDevice& device) {
    const auto place = static_cast<std::size_t>(&device - devices_.data());
    errors[place] = check_probe(*device.process);
    if (errors[place].count > 0)
      log_line(device.process->name() + ": probe of " + package_.manifest().models[model_].name + ": " +
               errors[place].text());
  });
}

/// The shortest of the exam's questions and one of middling length, once a run.
void DeviceRunner::check_against_cpu() {
  checked_ = true;
  if (options_.time_limit < kLeastLimitToCheck || encoded_.empty())
    return;
  std::vector<std::size_t> order(encoded_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return token_count(encoded_[a]) < token_count(encoded_[b]); });
  std::vector<std::size_t> chosen = {order.front()};
  const std::size_t middle = order[order.size() / 2];
  const std::int64_t tokens = token_count(encoded_[chosen[0]]) + token_count(encoded_[middle]);
  if (middle != chosen[0] && tokens <= std::min<std::int64_t>(kCheckedTokens, limits_.tokens))
    chosen.push_back(middle);
  if (!std::all_of(chosen.begin(), chosen.end(), [&](std::size_t q) { return fits(encoded_[q]); }))
    return;

  const BootClock clock;
  const double begin = clock.seconds();
  std::string why = cpu_.load_or_say_why(model_);
  std::optional<std::vector<OptionLogits>> answers;
  on_cpu_ = why.empty();
  try {
    if (on_cpu_)
      answers = cpu_.answer(chosen, limits_.longest, [&] { return clock.seconds() - begin > kCheckSeconds; });
    if (on_cpu_ && !answers)
      why = "it took too long";
  } catch (const OutOfMemory&) {
    why = "memory ran out";
  }
  if (!answers) {
    log_line("GPU: nothing was held against the CPU: " + why);
    return;
  }
  DeviceSequences sequences;
  std::vector<double> expected;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    sequences.add(encoded_[chosen[i]]);
    expected.insert(expected.end(), (*answers)[i].begin(), (*answers)[i].end());
  }
  on_each([&](OnDevice& device) {
    device.process->submit(sequences.view());
    const LogitErrors errors = compare_logits(device.process->wait(), expected);
    if (!errors.pass())
      throw DeviceError(DeviceFault::device_lost,
                        device.process->name() + " does not agree with the CPU: " + errors.text());
    log_line(device.process->name() + ": the exam's first questions against the CPU in f32: " + errors.text());
  });
}

bool DeviceRunner::fits(const EncodedQuestion& question) const {
  return token_count(question) <= limits_.tokens && longest_of(question) <= limits_.longest;
}

} // namespace sciexam
