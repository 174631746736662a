// Whether there is enough memory, before anything is trained.
#pragma once

#include "gpu/device_process.hpp"
#include "train/engine/memory_estimate.hpp"
#include "train/job/request.hpp"

namespace sciexam::inline train {

/// Logs what a run will need. Throws UsageError, with settings that need less, if that is more than there is and the
/// request does not say to try anyway. How much memory a device other than the CPU has is not known.
void require_memory(const DebertaConfig& config, const RunPlan& run, const PassSize& pass,
                    const TrainingRequest& request);

/// The same for a GPU and what a pass of `pass` takes there.
void require_device_memory(const DebertaConfig& config, const RunPlan& run, const PassSize& pass,
                           const TrainingSet& valid, DeviceProcess& device, bool ignore_estimate);

} // namespace sciexam::inline train
