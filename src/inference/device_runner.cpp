#include "inference/device_runner.hpp"

#include "gpu/device_support.hpp"
#include "inference/device_batch.hpp"
#include "inference/device_loading.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>

namespace sciexam {
namespace {

/// Each device gets so many parts of a batch: some lie ready while others run, and the last ones end at about the same
/// time.
constexpr std::int64_t kPartsPerDevice = DeviceProcess::kInFlight;
constexpr std::int32_t kRound = 64;                  // tokens; a tile's rows
constexpr std::int64_t kLeastTokensToTune = 200'000; // of all models: for fewer, tuning does not pay

/// The comparison with the CPU: at most so many tokens, for at most so long, in runs of at least this limit.
constexpr std::int64_t kCheckedTokens = 1024;
constexpr double kCheckSeconds = 60, kLeastLimitToCheck = 600;

constexpr double kShareToLoad = 0.05; // of the work: a smaller one is not worth loading a model on the CPU, too

/// Room for the exam's parts and the probes; longer questions are for the CPU.
DeviceLimits limits_for(const Package& package, std::span<const EncodedQuestion> encoded, std::size_t devices) {
  std::int64_t all = 0, most = 0, longest = 1;
  for (const EncodedQuestion& question : encoded)
    if (longest_sequence(question) <= protocol::kMost.longest) {
      all += token_count(question);
      most = std::max(most, token_count(question));
      longest = std::max(longest, longest_sequence(question));
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
      device.failure = device.process->name() + ": the system gives no thread for it: " + error.what();
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
      lost_.push_back(device.failure + ". It is not used any more: " + others);
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
  const std::string why = why_no_probe();
  return why.empty() ? why_not_on_device(config) : why;
}

/// Why no device can be checked by the package's probe of the model; empty: it can.
std::string DeviceRunner::why_no_probe() const {
  const std::vector<Probe>& probe = package_.manifest().models[model_].probe;
  if (probe.empty())
    return "the package has no probe of it to check a GPU by. `sciexam-run pack` makes one that has";
  std::int64_t tokens = 0, longest = 0;
  for (const Probe& sequence : probe) {
    tokens += static_cast<std::int64_t>(sequence.ids.size());
    longest = std::max(longest, static_cast<std::int64_t>(sequence.ids.size()));
  }
  if (tokens > limits_.tokens || longest > limits_.longest ||
      probe.size() > static_cast<std::size_t>(limits_.sequences))
    return "its probe is larger than what a GPU is given at once";
  return {};
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

/// Of the logits that the package has for this model.
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

/// The shortest of the exam's questions and one of middling length; none if they do not fit on a device.
std::vector<std::size_t> DeviceRunner::choose_questions_to_check() const {
  if (encoded_.empty())
    return {};
  std::vector<std::size_t> order(encoded_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return token_count(encoded_[a]) < token_count(encoded_[b]); });
  std::vector<std::size_t> chosen = {order.front()};
  const std::size_t middle = order[order.size() / 2];
  if (middle != chosen[0] && token_count(encoded_[chosen[0]]) + token_count(encoded_[middle]) <=
                                 std::min<std::int64_t>(kCheckedTokens, limits_.tokens))
    chosen.push_back(middle);
  const bool all_fit =
      std::all_of(chosen.begin(), chosen.end(), [&](std::size_t question) { return fits(encoded_[question]); });
  return all_fit ? chosen : std::vector<std::size_t>();
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
  const std::vector<std::size_t> chosen = enough_time ? choose_questions_to_check() : std::vector<std::size_t>();
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

bool DeviceRunner::fits(const EncodedQuestion& question) const {
  return token_count(question) <= limits_.tokens && longest_sequence(question) <= limits_.longest;
}

} // namespace sciexam
