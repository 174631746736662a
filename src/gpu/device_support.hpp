// Which networks run on a GPU, and their sizes in the device's terms.
#pragma once

#include "checkpoint/config.hpp"
#include "gpu/network_shape.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam::inline gpu {

/// Why a network cannot run on a device, such as "conv_kernel_size is 3: the convolution has no kernel"; empty: it can.
std::string why_not_on_device(const DebertaConfig& config);

/// For a network that can run on a device.
NetworkShape network_shape(const DebertaConfig& config);

/// relative_row() of the distances -(longest - 1) .. longest - 1; empty without relative attention.
std::vector<std::uint16_t> relative_rows_of(const DebertaConfig& config, std::int32_t longest);

} // namespace sciexam::inline gpu
