// Small random networks of every kind of configuration, for tests of the network and of training.
#pragma once

#include "model/weights.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::test {

/// DeBERTa-v3's shape, two layers, 12 wide.
DebertaConfig tiny_config();

/// The shape of DeBERTa-v3-large: 434 million parameters.
DebertaConfig large_shape();

/// tiny_config() and its variations: one for every kind of layer that a configuration can ask for.
std::vector<std::pair<std::string, DebertaConfig>> config_variants();

/// Weights of ordinary size, the same at every call.
DebertaForMultipleChoice random_network(const DebertaConfig& config, at::ScalarType dtype = at::kFloat);

/// In float64, with weights that f16 holds: a device that rounds them has the same.
DebertaForMultipleChoice half_network(const DebertaConfig& config);

/// The same weights, packed for answering where the configuration can be, as if they were read from a file of f32 or
/// f16 numbers.
std::unique_ptr<AnsweringNetwork> packed_copy(const DebertaForMultipleChoice& network, DType stored = DType::f32,
                                              Precision precision = Precision::as_stored);

/// Sequences of these lengths of arbitrary tokens and types.
PackedSequences random_batch(const DebertaConfig& config, const std::vector<std::int64_t>& lengths);

} // namespace sciexam::test
