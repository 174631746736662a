#include "train/job/training_devices.hpp"

#include "gpu/device_support.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>

namespace sciexam::inline train {
namespace {

/// What the manifest asks of a CPU and means nothing to a GPU; empty if there is nothing of the kind.
std::string not_for_gpus(const TrainingManifest& manifest) {
  if (manifest.isa)
    return "kernels of " + isa_name(*manifest.isa) + " are asked for, which CPUs have";
  const bool bf16 =
      std::any_of(manifest.runs.begin(), manifest.runs.end(), [](const RunPlan& run) { return run.settings.bf16; });
  return bf16 ? "bf16 is asked for, and GPUs train in f16" : "";
}

} // namespace

TrainingDevices::TrainingDevices(const TrainingRequest& request) {
#ifdef SCIEXAM_STOCK_LIBTORCH // its own devices
  name_ = request.device == "auto" ? "cpu" : request.device;
#else
  const DeviceChoice choice = parse_device_choice(request.device);
  insists_ = choice.insists;
  if (!choice.gpus)
    return;
  set_.emplace(choice, std::filesystem::path());
  gpus_ = set_->open();
  std::string findings;
  for (const DeviceSet::Finding& finding : set_->findings()) {
    if (finding.used || finding.there || insists_)
      log_line(finding.text);
    findings += (findings.empty() ? "" : "; ") + finding.text;
  }
  if (gpus_.empty()) {
    if (insists_)
      throw UsageError("--device " + request.device + ": no GPU can be used: " + findings +
                       ". Give --device cpu to train on the CPU");
    return;
  }
  name_ = insists_ ? request.device : "cuda";
#endif
}

std::vector<DeviceProcess*> TrainingDevices::gpus_for(const DebertaConfig& config, const TrainingManifest& manifest) {
  if (gpus_.empty())
    return {};
  std::string reason = why_not_on_device(config);
  if (insists_ && !reason.empty())
    throw UsageError("this network cannot be trained on a GPU: " + reason + ". Give --device cpu");
  if (reason.empty())
    reason = not_for_gpus(manifest);
  if (insists_ && !reason.empty())
    log_line("not used on a GPU: " + reason);
  if (insists_ || reason.empty())
    return gpus_;
  log_line("the CPU trains, although there is a GPU: " + reason + ". --device cuda trains on it");
  gpus_.clear();
  name_ = "cpu";
  return {};
}

NamedTexts TrainingDevices::facts() {
  std::string names, driver;
  for (DeviceProcess* gpu : gpus_) {
    names += (names.empty() ? "" : ", ") + gpu->name();
    driver = std::to_string(gpu->facts().driver_version);
  }
  return gpus_.empty() ? NamedTexts{} : NamedTexts{{"gpu", names}, {"driver", driver}};
}

} // namespace sciexam::inline train
