// One layer of the network on a device.
#pragma once

#include "gpu/network/device_lane.hpp"
#include "gpu/network/device_operators.hpp"
#include "gpu/network/device_weights.hpp"

#include <array>

namespace sciexam::inline gpu {

/// What all layers of a network have in common.
struct LayerContext {
  const DeviceOperators& operators;
  driver::Pointer row_of_distance; ///< Attention::row_of_distance; 0 without relative attention
};

/// The layer's forward pass: lane.buffers.hidden [tokens, hidden_size] -> the same buffer; with `first_tokens_only` its
/// rows are then the sequences' first tokens, [sequences, hidden_size]. Launches on the lane's stream and returns at
/// once.
void forward_layer(const LayerContext& context, const DeviceLayer& layer, const DeviceLane& lane,
                   bool first_tokens_only);

/// The layer's four products for `rows` tokens, as forward_layer() makes them, to tune tiles for.
std::array<Product, 4> products_of(const DeviceOperators& operators, const DeviceLayer& layer, const DeviceBuffers& at,
                                   int rows);

} // namespace sciexam::inline gpu
