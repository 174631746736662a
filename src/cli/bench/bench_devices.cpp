#include "cli/bench/bench_devices.hpp"

#include "cli/bench/random_model.hpp"
#include "cli/options.hpp"
#include "gpu/device_support.hpp"
#include "inference/device_batch.hpp"
#include "inference/device_loading.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace sciexam::inline cli {
namespace {

constexpr DeviceLimits kLimits = protocol::kMost;

/// As many sequences of this length as a device takes at once.
DeviceSequences full_batch(int length, std::int64_t vocab_size) {
  const auto count = static_cast<std::size_t>(std::min(kLimits.tokens / length, kLimits.sequences));
  DeviceSequences sequences;
  for (const EncodedQuestion& question : random_questions(count / kOptions + 1, length, vocab_size))
    for (const Encoding& encoding : question)
      if (sequences.offsets.size() <= count)
        sequences.add(encoding.ids, encoding.type_ids);
  return sequences;
}

/// Tokens per second of one device that always has the next batch at hand, over `seconds`.
double measure_device(DeviceProcess& device, const DeviceSequences& batch, double seconds) {
  device.submit(batch.view());
  device.wait();
  std::size_t tokens = 0;
  Stopwatch stopwatch;
  double elapsed = 0;
  for (; elapsed < seconds; elapsed += stopwatch.lap()) {
    while (device.in_flight() < DeviceProcess::kInFlight)
      device.submit(batch.view());
    device.wait();
    tokens += batch.ids.size();
  }
  while (device.in_flight() > 0)
    device.wait();
  return static_cast<double>(tokens) / elapsed;
}

void load_random_model(std::span<DeviceProcess* const> devices, const DebertaConfig& config, int threads) {
  log_line("loading a random model (f16) and choosing tiles ...");
  for (DeviceProcess* device : devices)
    device->open_network(network_shape(config), kLimits, relative_rows_of(config, kLimits.longest));
  RandomWeights weights(config, false);
  load_on_devices(config, weights, devices, threads,
                  [](std::size_t, const std::string& why) { log_line("GPU: " + why); });
  for (DeviceProcess* device : devices)
    device->finish_loading(true);
}

} // namespace

void bench_devices(const BenchOptions& options) {
  if (options.precision != "f32")
    throw UsageError("--precision " + options.precision + " is for the CPU: GPUs compute in f16 only. Leave it out");
  if (!options.report.empty() || !options.plot.empty())
    throw UsageError("--report and --plot show the CPU's layers. Leave out either them or --device");
  DeviceSet set(parse_device_choice(options.device), {});
  log_devices(set);
  const std::vector<DeviceProcess*> devices = set.open();
  if (devices.empty())
    throw WorkError("no GPU can be used: see above");
  const DebertaConfig config = shape_of(options.shape);
  load_random_model(devices, config, options.threads > 0 ? options.threads : available_threads());

  std::vector<std::string> header = {"tokens per sequence"};
  for (const DeviceProcess* device : devices)
    header.push_back("tokens/s, " + device->name());
  header.insert(header.end(), {"tokens/s together", projection_name(options)});
  std::printf("f16, %s\n", title_of_shape(options.shape).c_str());
  print_row(header, header);
  for (const int length : options.lengths) {
    const DeviceSequences batch = full_batch(length, config.vocab_size);
    std::vector<double> rates(devices.size());
    parallel_for(devices.size(), static_cast<int>(devices.size()),
                 [&](std::size_t i) { rates[i] = measure_device(*devices[i], batch, options.seconds); });
    const double together = std::accumulate(rates.begin(), rates.end(), 0.0);
    std::vector<std::string> row = {std::to_string(length)};
    for (const double rate : rates)
      row.push_back(format_fixed(rate, 0));
    row.insert(row.end(), {format_fixed(together, 0), projection(options, length, together)});
    print_row(header, row);
    std::fflush(stdout);
  }
}

} // namespace sciexam::inline cli
