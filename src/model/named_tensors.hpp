// A network's parameters by their Hugging Face names.
#pragma once

#include "model/layers.hpp"

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

using NamedTensor = std::pair<std::string, at::Tensor>;

class NamedTensors {
public:
  void add(std::string name, at::Tensor tensor) { all_.emplace_back(std::move(name), std::move(tensor)); }

  /// In the order in which they were added.
  const std::vector<NamedTensor>& all() const noexcept { return all_; }
  /// Undefined if there is no tensor of this name. The tensor shares its storage, as do those below.
  at::Tensor find(const std::string& name) const;
  /// NAME.weight and NAME.bias, each undefined where it is missing.
  Linear linear(const std::string& name) const;
  LayerNorm layer_norm(const std::string& name, double eps) const;

private:
  std::vector<NamedTensor> all_;
};

} // namespace sciexam::inline model
