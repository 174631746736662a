// Whether a device computes what the CPU does, before it trains.
#pragma once

#include "model/deberta.hpp"
#include "train/engine/device_engine.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// How far a device's gradients are from the CPU's: |difference| / |gradient|, Euclidean norms.
struct GradientErrors {
  struct Tensor {
    std::string name;
    double error = 0; ///< those with next to no gradient are held against the others' size
  };
  double all = 0;                   ///< of all parameters together
  std::vector<Tensor> tensors = {}; ///< of each parameter, the worst first; one that is not a number is worst

  double worst() const { return tensors.front().error; }
  /// Of all, and of the median, 99 % and worst tensor.
  std::string summary() const;
  /// The worst tensors by name.
  std::string worst_tensors(std::size_t count) const;
  /// f16's rounding makes up to 1e-2 of the worst tensor (docs/gpu_training.md); a wrong product makes far more of
  /// both.
  bool acceptable() const { return all < 0.03 && worst() < 0.15; } // false for a NaN
};

/// Of the first question that is trained, in f32 on the CPU and on the device, with the same dropout. `network` has the
/// weights that the engine started with. Leaves no gradients.
GradientErrors compare_gradients(DeviceEngine& device, const DebertaForMultipleChoice& network,
                                 const TrainingSettings& settings, const TrainingSet& train);

} // namespace sciexam::inline train
