// The forward pass of a training, over the batch of a TrainingState: its results lie in the state's buffers.
#pragma once

#include "gpu/training/training_state.hpp"

#include <cstddef>

namespace sciexam::inline gpu {

/// From token ids to logits.
void run_forward(const TrainingState& state);
/// One layer, from its input.
void run_layer(const TrainingState& state, std::size_t i);

} // namespace sciexam::inline gpu
