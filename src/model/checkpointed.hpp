// Gradient checkpointing (Chen et al. 2016): trades time for memory.
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

using LayerFunction = std::function<at::Tensor(const at::Tensor& hidden, const at::Tensor& relative)>;

/// layer(hidden, relative), keeping only these two for the backward pass, which calls `layer` again and so needs it to
/// give the same result each time. Parameters that `layer` holds get their gradients as usual. `relative` may be
/// undefined. Where no gradient is wanted this is a plain call.
at::Tensor checkpointed(const LayerFunction& layer, const at::Tensor& hidden, const at::Tensor& relative);

} // namespace sciexam::inline model
