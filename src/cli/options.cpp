#include "cli/options.hpp"

#include "inference/loading.hpp"
#include "kernels/bf16_gain.hpp"
#include "kernels/isa.hpp"
#include "model/runtime.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <regex>

#include <CLI/CLI.hpp>

namespace sciexam {
namespace {

bool has_bytes(const Package& package) {
  const std::vector<ModelRecord>& models = package.manifest().models;
  return std::any_of(models.begin(), models.end(), [](const ModelRecord& model) { return model.dtype == DType::i8; });
}

} // namespace

void add_combine_options(CLI::App& app, std::string& combine, std::vector<double>& weights) {
  app.add_option("--combine", combine, "mean-logits, mean-softmax, mean-plus-max, weighted or vote [mean-softmax]")
      ->group("Ensemble");
  app.add_option("--weights", weights, "One weight a model, for --combine weighted [the package's]")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber)
      ->group("Ensemble");
}

void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads [all that this process may use]")
      ->check(CLI::Range(1, 1024))
      ->group("Machine");
}

void add_device_option(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "auto (all GPUs there are), cpu, cuda, or some of them: cuda:0,1 [auto]")
      ->group("Machine");
}

DeviceChoice choose_devices(const std::string& given, Precision precision) {
  if (precision == Precision::bf16) {
    if (!given.empty() && parse_device_choice(given).insists)
      throw UsageError("--precision bf16 is for the CPU: it does not go with --device " + given +
                       ". Leave one of them out");
    return parse_device_choice("cpu");
  }
  const char* from_environment = std::getenv("SCIEXAM_DEVICE");
  if (!given.empty() || from_environment == nullptr || *from_environment == '\0')
    return parse_device_choice(given.empty() ? "auto" : given);
  try {
    return parse_device_choice(from_environment);
  } catch (const UsageError& error) {
    throw UsageError(std::string("SCIEXAM_DEVICE: ") + error.what());
  }
}

void log_devices(DeviceSet& devices) {
  devices.open();
  for (const DeviceSet::Finding& finding : devices.findings())
    log_line("GPU: " + finding.text);
}

void add_precision_option(CLI::App& app, std::string& precision) {
  app.add_option(
         "--precision", precision,
         "What dense layers compute in on the CPU: auto (int8 if the package is packed so, else f32), f32, or "
         "bf16, for CPUs with AMX or AVX-512-BF16: never chosen by itself, since answers differ a little; doctor says "
         "what it gains [auto]")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->group("Machine");
}

Precision choose_precision(const std::string& given) {
  if (given != "bf16")
    return Precision::as_stored;
  if (chosen_isa() < Isa::avx512_bf16)
    throw UsageError("--precision bf16 needs a CPU with AVX-512-BF16. This one (" + cpu_model() + ": " +
                     cpu_features() + "; kernels: " + isa_name(chosen_isa()) +
                     ") would be slower with it than in f32. Give --precision f32");
  if (bf16_gain() < 1)
    log_line("--precision bf16: this CPU takes " + format_fixed(1 / bf16_gain(), 1) +
             " times as long for products of bf16 as for those of f32. Without it the run is faster and more exact");
  return Precision::bf16;
}

void check_precision(const std::string& given, const Package& package) {
  if (given != "auto" && has_bytes(package))
    throw UsageError("--precision " + given +
                     ": the package has int8 weights, which compute as such. Leave it out, or "
                     "use a package with f16 weights");
  require_precision(package, given == "bf16" ? Precision::bf16 : Precision::as_stored);
}

std::string name_of(Precision precision, const Package& package, const DeviceSet& devices) {
  if (precision == Precision::bf16 || has_bytes(package)) // which no GPU takes
    return precision == Precision::bf16 ? "bf16" : "int8, as packed";
  const std::vector<DeviceSet::Finding>& all = devices.findings();
  const bool gpus = std::any_of(all.begin(), all.end(), [](const DeviceSet::Finding& gpu) { return gpu.used; });
  return gpus ? "f16 with sums in f32 on GPUs, f32 on the CPU" : "f32";
}

int use_threads(int requested) {
  const int threads = requested > 0 ? requested : available_threads();
  set_compute_threads(threads);
  return threads;
}

double parse_duration(const std::string& text) {
  static const std::regex form("(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,9})s?)?");
  std::smatch parts;
  double seconds = 0;
  if (std::regex_match(text, parts, form))
    for (std::size_t i = 1; i <= 3; ++i)
      seconds = seconds * 60 + (parts[i].matched ? std::stod(parts[i].str()) : 0);
  if (seconds <= 0)
    throw UsageError("'" + text + "' is no time. Give one such as 8h50m, 45m or 90s");
  return seconds;
}

void check_weights(const std::vector<double>& weights, const Package& package) {
  const std::size_t models = package.manifest().models.size();
  if (weights.empty())
    return;
  if (weights.size() != models)
    throw UsageError("--weights has " + counted(weights.size(), "number") + ", but the package has " +
                     counted(models, "model") + ". Give one for each");
  if (std::accumulate(weights.begin(), weights.end(), 0.0) <= 0)
    throw UsageError("--weights are all 0. Give at least one model a positive weight");
}

} // namespace sciexam
