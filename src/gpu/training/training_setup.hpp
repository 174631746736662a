// What a training on a device is told besides the network's sizes: plain data that is passed between processes.
#pragma once

#include <cstdint>

namespace sciexam::inline gpu {

/// Probabilities are double, as dropout's masks depend on each bit.
struct TrainingSetup {
  double hidden_dropout = 0, attention_dropout = 0, pooler_dropout = 0, classifier_dropout = 0;
  std::int32_t frozen_layers = 0; ///< the lowest ones; with one or more the embeddings learn nothing either
  bool freeze_embeddings = false, freeze_relative_embeddings = false;
  bool keep_average = false; ///< of the weights
  bool perturbs = false;     ///< room for the weights that a perturbation moves
  bool recomputes = false;   ///< layers keep only their inputs (gradient checkpointing)
};

/// The arrays of f32 that a training keeps of each parameter.
enum class TrainingArray : std::uint32_t { weights, gradients, exp_avg, exp_avg_sq, average };

/// Which masks dropout draws in a forward pass: see Dropout (model/dropout.hpp).
struct TrainingPass {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, pass = 0;
};

/// One step of AdamW for the parameters of one class: AdamWStep (kernels/optimizer.hpp).
struct DeviceStep {
  float beta1 = 0, beta2 = 0, rest1 = 0, rest2 = 0, epsilon = 0, gradient_scale = 0, step_size = 0, root_scale = 0,
        decay_before = 1, decay_after = 1;
};

} // namespace sciexam::inline gpu
