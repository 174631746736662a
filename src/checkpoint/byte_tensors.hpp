// How a network is stored some of whose dense layers have weights of one byte.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace sciexam {

/// Dense layers of the encoder that have the same input, and are multiplied as one.
struct DenseGroup {
  std::string name = {};                          ///< e.g. "deberta.encoder.layer.0.attention.self"
  std::vector<std::string> layers = {};           ///< e.g. that and ".query_proj", ".key_proj", ".value_proj"
  std::int64_t in_features = 0, out_features = 0; ///< of each of them
};

/// Four for each layer of the encoder: attention.self, attention.output.dense, intermediate.dense, output.dense.
std::vector<DenseGroup> dense_groups(const DebertaConfig& config);

/// The tensors of a network of which `groups` are stored as bytes. Those of a group are, for each of its layers,
/// NAME.weight (I8) and NAME.weight_scale (F32, [out_features]): a weight is scale * byte; and GROUP.input_factor (F32,
/// [in_features]), with which inputs are multiplied before they are rounded, too. All others are parameters_of(config),
/// of type `others`. Those of F32 come first, bytes last.
std::vector<TensorInfo> tensors_with_bytes(const DebertaConfig& config, const std::set<std::string>& groups,
                                           DType others);

/// The names of the groups that `source` has as bytes.
std::set<std::string> groups_of_bytes(const DebertaConfig& config, const WeightSource& source);

} // namespace sciexam
