#include "model/checkpointed.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sciexam::inline model {
namespace {

struct Held : torch::CustomClassHolder {
  LayerFunction layer;
};

/// Custom functions take only defined tensors: an absent one is passed as an empty one.
at::Tensor or_absent(const at::Tensor& tensor) {
  return tensor.numel() == 0 ? at::Tensor() : tensor;
}

/// A leaf of a new graph with the values of `x`, if there is an x.
at::Tensor leaf_of(const at::Tensor& x, bool requires_grad) {
  return x.defined() ? x.detach().requires_grad_(requires_grad) : x;
}

class CheckpointFunction : public torch::autograd::Function<CheckpointFunction> {
public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& relative, const c10::intrusive_ptr<Held>& held) {
    context->save_for_backward({hidden, relative});
    context->saved_data["held"] = c10::IValue::make_capsule(held);
    return held->layer(hidden, or_absent(relative));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto capsule = context->saved_data["held"].toCapsule();
    const at::AutoGradMode with_gradient(true);
    const at::Tensor hidden = leaf_of(saved[0], context->needs_input_grad(0));
    const at::Tensor relative = leaf_of(or_absent(saved[1]), context->needs_input_grad(1));
    const at::Tensor out = static_cast<const Held&>(*capsule).layer(hidden, relative);
    torch::autograd::backward({out}, {gradients[0]});
    return {hidden.grad(), relative.defined() ? relative.grad() : at::Tensor(), at::Tensor()};
  }
};

} // namespace

at::Tensor checkpointed(const LayerFunction& layer, const at::Tensor& hidden, const at::Tensor& relative) {
  // The graph reaches the backward pass through these two inputs alone.
  const bool reached = hidden.requires_grad() || (relative.defined() && relative.requires_grad());
  if (!at::GradMode::is_enabled() || !reached)
    return layer(hidden, relative);
  const auto held = c10::make_intrusive<Held>();
  held->layer = layer;
  return CheckpointFunction::apply(hidden, relative.defined() ? relative : at::empty({0}, hidden.options()), held);
}

} // namespace sciexam::inline model
