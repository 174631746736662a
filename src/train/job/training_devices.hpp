// Where a training computes: on the CPU, or on a GPU of this machine.
#pragma once

#include "checkpoint/config.hpp"
#include "gpu/device_set.hpp"
#include "train/job/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline train {

class TrainingDevices {
public:
  /// Opens the GPUs that request.device asks for; "auto" takes the CPU where there is none. To be called in the
  /// program's first thread. Throws UsageError where "cuda" was asked for and no GPU can be used.
  explicit TrainingDevices(const TrainingRequest& request);

  /// "cpu", or the GPU as the request names it.
  const std::string& name() const noexcept { return name_; }
  /// The GPUs that train networks of this configuration as the manifest says; none: the CPU does, as it also does with
  /// "auto" where the manifest asks for what only CPUs have (an instruction set, bf16). Throws UsageError where "cuda"
  /// was asked for and the network cannot run on a GPU.
  std::vector<DeviceProcess*> gpus_for(const DebertaConfig& config, const TrainingManifest& manifest);
  /// What must be equal for equal weights, beyond the program: name and driver.
  NamedTexts facts();

private:
  bool insists_ = false;
  std::string name_ = "cpu";
  std::optional<DeviceSet> set_;
  std::vector<DeviceProcess*> gpus_;
};

} // namespace sciexam::inline train
