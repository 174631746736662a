#include "train/job/training_devices.hpp"

#include "gpu/device_support.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

namespace sciexam::inline train {

TrainingDevices::TrainingDevices(const TrainingRequest& request) {
#ifdef SCIEXAM_STOCK_LIBTORCH // its own devices
  name_ = request.device == "auto" ? "cpu" : request.device;
#else
  const DeviceChoice choice = parse_device_choice(request.device);
  insists_ = choice.insists;
  if (!choice.gpus)
    return;
  set_.emplace(choice, std::filesystem::path());
  const std::vector<DeviceProcess*> devices = set_->open();
  std::string findings;
  for (const DeviceSet::Finding& finding : set_->findings()) {
    if (finding.used || finding.there || insists_)
      log_line(finding.text);
    findings += (findings.empty() ? "" : "; ") + finding.text;
  }
  if (devices.empty()) {
    if (insists_)
      throw UsageError("--device " + request.device + ": no GPU can be used: " + findings +
                       ". Give --device cpu to train on the CPU");
    return;
  }
  gpu_ = devices.front();
  name_ = insists_ ? request.device : "cuda";
#endif
}

DeviceProcess* TrainingDevices::gpu_for(const DebertaConfig& config) {
  if (gpu_ == nullptr)
    return nullptr;
  const std::string reason = why_not_on_device(config);
  if (reason.empty())
    return gpu_;
  if (insists_)
    throw UsageError("this network cannot be trained on a GPU: " + reason + ". Give --device cpu");
  log_line("the CPU trains, although there is a GPU: " + reason);
  gpu_ = nullptr;
  name_ = "cpu";
  return nullptr;
}

NamedTexts TrainingDevices::facts() {
  if (gpu_ == nullptr)
    return {};
  return {{"gpu", gpu_->name()}, {"driver", std::to_string(gpu_->facts().driver_version)}};
}

} // namespace sciexam::inline train
