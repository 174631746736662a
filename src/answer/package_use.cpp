#include "answer/package_use.hpp"

#include "exam/contexts.hpp"
#include "inference/loading.hpp"
#include "kernels/bf16_gain.hpp"
#include "kernels/isa.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sciexam::inline answer {
namespace {

bool has_int8_weights(const Package& package) {
  const std::vector<ModelRecord>& models = package.manifest().models;
  return std::any_of(models.begin(), models.end(), [](const ModelRecord& model) { return model.dtype == DType::i8; });
}

} // namespace

std::string describe(const Package& package) {
  const Manifest& manifest = package.manifest();
  return manifest.title + (manifest.package_version.empty() ? "" : ", version " + manifest.package_version) + " (" +
         counted(manifest.models.size(), "model") + ", " + std::string(name_of(manifest.template_kind)) +
         ", identity " + manifest.identity.substr(0, 16) + ")";
}

PrecisionChoice choose_precision(const std::string& given) {
  if (given != "bf16")
    return {.given = given};
  if (chosen_isa() < Isa::avx512_bf16)
    throw UsageError("--precision bf16 needs a CPU with AVX-512-BF16. This one (" + cpu_model() + ": " +
                     cpu_features() + "; kernels: " + isa_name(chosen_isa()) +
                     ") would be slower with it than in f32. Give --precision f32");
  if (bf16_gain() < 1)
    log_line("--precision bf16: on this CPU products in bf16 take " + format_fixed(1 / bf16_gain(), 1) +
             " times as long as in f32. Without it the run is faster and more exact");
  return {.given = given, .precision = Precision::bf16};
}

void require_precision(const PrecisionChoice& choice, const Package& package) {
  if (choice.given != "auto" && has_int8_weights(package))
    throw UsageError("--precision " + choice.given +
                     ": the package has int8 weights, which always compute as int8. Leave it out, or use a package "
                     "with f16 weights");
  require_precision(package, choice.precision);
}

void require_reading(const ReadingChoice& choice, const Package& package) {
  if (!package.needs_context() && (choice.streams.value_or(1) > 1 || choice.context_tokens))
    throw UsageError("The package's models read no contexts (closed_book). Leave out " +
                     std::string(choice.context_tokens ? "--context-tokens" : "--streams") +
                     ", or use a package of open-book models");
}

ReadingOptions reading_options(const ReadingChoice& choice, const Package& package, const DeviceSet& devices) {
  const bool on_gpus = devices.any_used() && !has_int8_weights(package);
  ReadingOptions options{.template_options = package.template_options(),
                         .streams = choice.streams.value_or(on_gpus ? kStreamsOnDevices : 1)};
  if (choice.max_length)
    options.template_options.max_length = *choice.max_length;
  options.template_options.context_tokens = choice.context_tokens.value_or(0);
  return options;
}

std::string describe(const ReadingOptions& options, const Exam& exam) {
  const TemplateOptions& lengths = options.template_options;
  std::string text = options.streams > 1 ? "up to " + std::to_string(options.streams) : "one";
  text += " a question (--streams)";
  if (lengths.max_length > 0)
    text += ", sequences of at most " + counted(lengths.max_length, "token");
  if (lengths.context_tokens > 0)
    text += ", a context of at most " + counted(lengths.context_tokens, "token");
  std::size_t most = 0;
  for (const Question& question : exam.questions)
    most = std::max(most, contexts_of(question).size());
  if (most > options.streams)
    text += "; the exam has up to " + std::to_string(most) + ", the others are not read";
  return text;
}

void require_weights(std::span<const double> weights, const Package& package) {
  const std::size_t models = package.manifest().models.size();
  if (weights.empty())
    return;
  if (weights.size() != models)
    throw UsageError("--weights has " + counted(weights.size(), "number") + ", but the package has " +
                     counted(models, "model") + ". Give one for each");
  if (std::accumulate(weights.begin(), weights.end(), 0.0) <= 0)
    throw UsageError("--weights are all 0. Give at least one model a positive weight");
}

std::string name_of(Precision precision, const Package& package, const DeviceSet& devices) {
  if (precision == Precision::bf16 || has_int8_weights(package)) // GPUs take neither
    return precision == Precision::bf16 ? "bf16" : "int8, as packed";
  return devices.any_used() ? "f16 with sums in f32 on GPUs, f32 on the CPU" : "f32";
}

} // namespace sciexam::inline answer
