// The backward pass of a training, after forward.hpp: adds the gradients of all that is not frozen.
#pragma once

#include "gpu/training/training_state.hpp"

namespace sciexam::inline gpu {

/// From the logits' gradients in buffers.d_logits.
void run_backward(const TrainingState& state);

} // namespace sciexam::inline gpu
