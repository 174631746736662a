#include "checkpoint/int8_tensors.hpp"

#include "checkpoint/parameters.hpp"

namespace sciexam::inline checkpoint {

std::vector<DenseGroup> dense_groups(const DebertaConfig& config) {
  const std::int64_t hidden = config.hidden_size, inner = config.intermediate_size;
  std::vector<DenseGroup> groups;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = "deberta.encoder.layer." + std::to_string(i) + ".", self = layer + "attention.self";
    groups.push_back({self, {self + ".query_proj", self + ".key_proj", self + ".value_proj"}, hidden, hidden});
    const auto add = [&](const std::string& name, std::int64_t in, std::int64_t out) {
      groups.push_back({layer + name, {layer + name}, in, out});
    };
    add("attention.output.dense", hidden, hidden);
    add("intermediate.dense", hidden, inner);
    add("output.dense", inner, hidden);
  }
  return groups;
}

std::vector<TensorInfo> tensors_with_int8(const DebertaConfig& config, const std::set<std::string>& groups,
                                          DType others) {
  std::vector<TensorInfo> factors, rest, bytes;
  std::set<std::string> weights;
  for (const DenseGroup& group : dense_groups(config)) {
    if (!groups.contains(group.name))
      continue;
    factors.push_back({group.name + ".input_factor", DType::f32, {group.in_features}});
    for (const std::string& layer : group.layers) {
      factors.push_back({layer + ".weight_scale", DType::f32, {group.out_features}});
      weights.insert(layer + ".weight");
    }
  }
  for (TensorInfo& parameter : parameters_of(config)) {
    const bool is_int8 = weights.contains(parameter.name);
    parameter.dtype = is_int8 ? DType::i8 : others;
    (is_int8 ? bytes : rest).push_back(std::move(parameter));
  }
  // From wide elements to narrow ones, so that each tensor is aligned to its element size.
  factors.insert(factors.end(), rest.begin(), rest.end());
  factors.insert(factors.end(), bytes.begin(), bytes.end());
  return factors;
}

std::set<std::string> int8_groups(const DebertaConfig& config, const WeightSource& source) {
  std::set<std::string> stored, groups;
  for (const TensorInfo& tensor : source.tensors())
    stored.insert(tensor.name);
  for (const DenseGroup& group : dense_groups(config))
    if (stored.contains(group.name + ".input_factor"))
      groups.insert(group.name);
  return groups;
}

} // namespace sciexam::inline checkpoint
