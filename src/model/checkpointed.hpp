// Gradient checkpointing (Chen et al. 2016): memory for time.
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace sciexam {

using LayerFunction = std::function<at::Tensor(const at::Tensor& hidden, const at::Tensor& relative)>;

/// layer(hidden, relative), keeping nothing but these two for the backward pass, which calls `layer` again:
/// it must give the same result each time. Parameters that `layer` holds get their gradients as
/// usual. `relative` may be undefined. Without gradients to compute it is a plain call.
at::Tensor checkpointed(const LayerFunction& layer, const at::Tensor& hidden, const at::Tensor& relative);

} // namespace sciexam
