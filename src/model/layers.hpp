// The small layers of the network, as functions of tensors. Everything is
// differentiable; rows are tokens.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// y = x weight^T + bias; weight [out_features, in_features]; bias may be undefined.
/// All dense layers go through this one seam.
struct Linear {
  at::Tensor weight, bias;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Layer normalisation over the last dimension.
struct LayerNorm {
  at::Tensor weight, bias;
  double eps = 0;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// The activations that checkpoints name in hidden_act, pooler_hidden_act and
/// conv_act (transformers.activations.ACT2FN). Throws InternalError for a name
/// that parse_deberta_config would have refused.
at::Tensor activation(const std::string& name, const at::Tensor& x);

} // namespace sciexam::inline model
