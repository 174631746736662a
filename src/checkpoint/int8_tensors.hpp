// How a network with int8 weights in some of its dense layers is stored.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace sciexam::inline checkpoint {

/// Dense layers of the encoder that share their input and are multiplied as one.
struct DenseGroup {
  std::string name = {};                          ///< e.g. "deberta.encoder.layer.0.attention.self"
  std::vector<std::string> layers = {};           ///< e.g. that plus ".query_proj", ".key_proj", ".value_proj"
  std::int64_t in_features = 0, out_features = 0; ///< of each layer
};

/// Four per layer of the encoder: attention.self, attention.output.dense, intermediate.dense, output.dense.
std::vector<DenseGroup> dense_groups(const DebertaConfig& config);

/// The tensors of a network of which `groups` are stored as int8. A group has, for each of its layers, NAME.weight (I8)
/// and NAME.weight_scale (F32, [out_features]), of which a weight is the product, and GROUP.input_factor (F32,
/// [in_features]), by which inputs are multiplied before they are rounded to int8. All other tensors are those of
/// parameters_of(config), of type `others`. F32 comes first, I8 last.
std::vector<TensorInfo> tensors_with_int8(const DebertaConfig& config, const std::set<std::string>& groups,
                                          DType others);

/// The names of the groups that `source` has as int8.
std::set<std::string> int8_groups(const DebertaConfig& config, const WeightSource& source);

} // namespace sciexam::inline checkpoint
