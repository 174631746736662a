// Whether a device computes what the CPU does, before it trains.
#pragma once

#include "model/deberta.hpp"
#include "train/engine/device_engine.hpp"

#include <string>

namespace sciexam::inline train {

/// How far a device's gradients are from the CPU's: |difference| / |gradient|, Euclidean norms.
struct GradientErrors {
  double all = 0;          ///< of all parameters together
  double worst = 0;        ///< of one parameter; those with next to no gradient are held against the others' size
  std::string tensor = {}; ///< which

  /// f16's rounding makes up to 1e-2 of `worst` (docs/gpu_training.md); a wrong product makes far more of both.
  bool acceptable() const { return all < 0.03 && worst < 0.15; } // false for a NaN
};

/// Of the first training question, in f32 on the CPU and on the device, with the same dropout. `network` has the
/// weights that the engine started with. Leaves no gradients.
GradientErrors compare_gradients(DeviceEngine& device, const DebertaForMultipleChoice& network,
                                 const TrainingSettings& settings, const TrainingSet& train);

} // namespace sciexam::inline train
