#include "model/layers.hpp"

#include "model/bf16_linear.hpp"
#include "model/mixed_precision.hpp"
#include "model/row_product.hpp"
#include "support/errors.hpp"

#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

namespace sciexam::inline model {

at::Tensor Linear::operator()(const at::Tensor& x) const {
  if (MixedPrecision::wants_bf16_linear())
    return bf16_linear(x, weight, bias);
  return has_row_product(x, weight, bias) ? row_product(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, eps);
}

at::Tensor activation(const std::string& name, const at::Tensor& x) {
  if (name == "gelu")
    return at::gelu(x);
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast")
    return at::gelu(x, "tanh");
  if (name == "relu")
    return at::relu(x);
  if (name == "silu" || name == "swish")
    return at::silu(x);
  if (name == "tanh")
    return at::tanh(x);
  if (name == "sigmoid")
    return at::sigmoid(x);
  if (name == "linear")
    return x;
  throw InternalError("activation " + name + " is accepted by the configuration but unknown to the network");
}

} // namespace sciexam::inline model
