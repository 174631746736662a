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

std::vector<DeviceProcess*> TrainingDevices::gpus_for(const DebertaConfig& config) {
  const std::string reason = gpus_.empty() ? "" : why_not_on_device(config);
  if (reason.empty())
    return gpus_;
  if (insists_)
    throw UsageError("this network cannot be trained on a GPU: " + reason + ". Give --device cpu");
  log_line("the CPU trains, although there is a GPU: " + reason);
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
