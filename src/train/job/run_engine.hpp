// What computes a run: the CPU, or a GPU that has shown that it computes the same.
#pragma once

#include "gpu/device_process.hpp"
#include "model/deberta.hpp"
#include "train/engine/device_engine.hpp"
#include "train/loop/training_loop.hpp"

#include <memory>
#include <string>

namespace sciexam::inline train {

/// Where there is no GPU of ours.
struct TrainingPlace {
  std::string device; ///< of LibTorch
  int threads = 1;
};

/// Takes the network's weights. `gpu`: null: the CPU computes. Throws DeviceError for a GPU whose gradients are wrong.
std::unique_ptr<TrainingEngine> run_engine(DebertaForMultipleChoice& network, const RunRequest& run, DeviceProcess* gpu,
                                           const TrainingPlace& place);

/// The same for a GPU, not checked.
std::unique_ptr<DeviceEngine> device_engine(const DebertaForMultipleChoice& network, const RunRequest& run,
                                            DeviceProcess& gpu, int threads);

} // namespace sciexam::inline train
