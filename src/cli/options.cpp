#include "cli/options.hpp"

#include "exam/contexts.hpp"
#include "inference/encoding.hpp"
#include "model/runtime.hpp"
#include "package/manifest.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"

#include <cstdlib>
#include <map>
#include <regex>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {

void add_combine_options(CLI::App& app, std::string& combine, std::vector<double>& weights) {
  app.add_option("--combine", combine, "mean-logits, mean-softmax, mean-plus-max, weighted or vote [mean-softmax]")
      ->group("Ensemble");
  app.add_option("--weights", weights, "One weight per model, for --combine weighted [the package's]")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber)
      ->group("Ensemble");
}

void add_reading_options(CLI::App& app, ReadingChoice& choice, std::string& combine_contexts) {
  constexpr const char* kGroup = "Contexts";
  app.add_option(
         "--streams", choice.streams,
         "Contexts of a question that each model reads, each on its own, most where it is least sure if time is "
         "short [" +
             std::to_string(kStreamsOnDevices) + " with GPUs, else 1]")
      ->check(CLI::Range(std::size_t{1}, kMostContexts))
      ->group(kGroup);
  app.add_option("--max-length", choice.max_length,
                 "Maximum length of a sequence, in tokens: models read more than they were trained with, up to some "
                 "1280 [the package's]")
      ->check(CLI::Range(kMinPackageTokens, kLongestSequence))
      ->group(kGroup);
  app.add_option("--context-tokens", choice.context_tokens, "Maximum length of a context, in tokens [what fits]")
      ->check(CLI::Range(1, kLongestSequence))
      ->group(kGroup);
  app.add_option("--combine-contexts", combine_contexts,
                 "Of a model's answers with different contexts: mean-plus-max, mean-softmax, mean-logits or vote "
                 "[mean-plus-max]")
      ->group(kGroup);
}

Combine parse_combine_contexts(const std::string& name) {
  const Combine combine = parse_combine(name);
  if (combine == Combine::weighted)
    throw UsageError("--combine-contexts weighted: contexts have no weights. Give another way to combine");
  return combine;
}

void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads [all that this process may use]")
      ->check(CLI::Range(1, 1024))
      ->group("Machine");
}

void add_device_option(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "auto (all GPUs found), cpu, cuda, or some of the GPUs: cuda:0,1 [auto]")
      ->group("Machine");
}

DeviceChoice choose_devices(const std::string& given, Precision precision) {
  if (precision == Precision::bf16) {
    if (!given.empty() && parse_device_choice(given).insists)
      throw UsageError("--precision bf16 is for the CPU and does not go with --device " + given +
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

void add_retrieval_options(CLI::App& app, RetrievalSettings& settings) {
  const auto by_name = [](auto... kinds) { return std::map{std::pair(std::string(name_of(kinds)), kinds)...}; };
  static const auto kForms = by_name(QueryForm::prompt, QueryForm::all_options, QueryForm::each_option);
  static const auto kFusions = by_name(Fusion::best, Fusion::sum, Fusion::reciprocal_rank);
  constexpr const char* kGroup = "Passages";
  app.add_option("--top", settings.passages, "Passages for a question")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kMostPassages))
      ->group(kGroup);
  app.add_option(
         "--query-form", settings.form,
         "What is searched: prompt; all-options, prompt and options together; each-option, the prompt with each "
         "of them [all-options]")
      ->transform(CLI::CheckedTransformer(kForms))
      ->group(kGroup);
  app.add_option("--fusion", settings.fusion, "Of each-option's hits: best, sum or reciprocal-rank [best]")
      ->transform(CLI::CheckedTransformer(kFusions))
      ->group(kGroup);
  app.add_option("--k1", settings.bm25.k1, "BM25's k1")->capture_default_str()->group(kGroup);
  app.add_option("--b", settings.bm25.b, "BM25's b")->capture_default_str()->group(kGroup);
}

void log_devices(DeviceSet& devices) {
  devices.open();
  for (const DeviceSet::Finding& finding : devices.findings())
    log_line("GPU: " + finding.text);
}

void add_precision_option(CLI::App& app, std::string& precision) {
  app.add_option(
         "--precision", precision,
         "Precision of the dense layers on the CPU: auto (int8 if packed as int8, else f32), f32, or bf16, for CPUs "
         "with AMX or AVX-512-BF16: never chosen automatically, since answers differ slightly; doctor shows the gain "
         "[auto]")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->group("Machine");
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
    throw UsageError("'" + text + "' is not a duration. Give one such as 8h50m, 45m or 90s");
  return seconds;
}

std::optional<double> named_time_limit(const std::string& given) {
  if (!given.empty())
    return parse_duration(given);
  const char* const from_environment = std::getenv("SCIEXAM_TIME_LIMIT");
  if (from_environment == nullptr || *from_environment == '\0')
    return std::nullopt;
  try {
    return parse_duration(from_environment);
  } catch (const UsageError& error) {
    throw UsageError(std::string("SCIEXAM_TIME_LIMIT: ") + error.what());
  }
}

} // namespace sciexam::inline cli
