#include "train/job/run_engine.hpp"

#include "support/messages/progress.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/engine/gradient_check.hpp"

namespace sciexam::inline train {

std::unique_ptr<DeviceEngine> device_engine(const DebertaForMultipleChoice& network, const RunRequest& run,
                                            DeviceProcess& gpu, int threads) {
  return std::make_unique<DeviceEngine>(
      gpu, network, run.settings, *run.train,
      training_limits(run.settings, largest_pass(*run.train, run.settings, threads), *run.valid));
}

std::unique_ptr<TrainingEngine> run_engine(DebertaForMultipleChoice& network, const RunRequest& run, DeviceProcess* gpu,
                                           const TrainingPlace& place) {
  if (gpu == nullptr) {
    network.move_to(place.device);
    return std::make_unique<CpuEngine>(network, run.settings, *run.train);
  }
  std::unique_ptr<DeviceEngine> engine = device_engine(network, run, *gpu, place.threads);
  // A device is trusted once its gradients of one question are the CPU's.
  const GradientErrors errors = compare_gradients(*engine, network, run.settings, *run.train);
  const std::string text = "the gradients of one question are the CPU's up to " + errors.summary();
  if (!errors.acceptable())
    throw DeviceError(DeviceFault::device_lost, gpu->name() + " gives wrong numbers: " + text + "; worst are " +
                                                    errors.worst_tensors(10) +
                                                    ". It is not used: train on another GPU, or with --device cpu");
  log_line(run.name + ": " + gpu->name() + ": " + text);
  return engine;
}

} // namespace sciexam::inline train
