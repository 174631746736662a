#include "model/named_tensors.hpp"

#include <algorithm>

namespace sciexam::inline model {

at::Tensor NamedTensors::find(const std::string& name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const NamedTensor& entry) { return entry.first == name; });
  return found == all_.end() ? at::Tensor() : found->second;
}

Linear NamedTensors::linear(const std::string& name) const {
  return {find(name + ".weight"), find(name + ".bias")};
}

LayerNorm NamedTensors::layer_norm(const std::string& name, double eps) const {
  return {find(name + ".weight"), find(name + ".bias"), eps};
}

} // namespace sciexam::inline model
