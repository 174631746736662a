// Sends a model's weights to all devices.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "gpu/device_process.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace sciexam::inline inference {

/// Reads what the network needs of `source` once, on `threads` threads, and sends it to all `devices`, whose networks
/// must be open. A device that fails is reported to `failed`, by its place, and gets nothing more; the others do.
/// Throws what reading throws; the devices then hold a part of the weights, which opening the next network discards.
void load_on_devices(const DebertaConfig& config, WeightSource& source, std::span<DeviceProcess* const> devices,
                     int threads, const std::function<void(std::size_t device, const std::string& why)>& failed);

} // namespace sciexam::inline inference
