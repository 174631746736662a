#include "answer/package_use.hpp"

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
  const std::vector<DeviceSet::Finding>& all = devices.findings();
  const bool gpus = std::any_of(all.begin(), all.end(), [](const DeviceSet::Finding& gpu) { return gpu.used; });
  return gpus ? "f16 with sums in f32 on GPUs, f32 on the CPU" : "f32";
}

} // namespace sciexam::inline answer
