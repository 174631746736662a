#include "inference/device_loading.hpp"

#include "checkpoint/parameters.hpp"

#include <map>
#include <mutex>
#include <vector>

namespace sciexam::inline inference {

void load_on_devices(const DebertaConfig& config, WeightSource& source, std::span<DeviceProcess* const> devices,
                     int threads, const std::function<void(std::size_t device, const std::string& why)>& failed) {
  std::map<std::string, std::string> names; // of the parameters, by their stored names
  for (const auto& [name, stored] : match_parameters(parameters_of(config), source, Purpose::answering).stored_name)
    names.emplace(stored, name);
  std::mutex failing;
  std::vector<bool> out(devices.size());
  const auto send = [&](std::size_t device, const TensorChunk& chunk) {
    try {
      const auto element = chunk.tensor.dtype == DType::f16 ? DeviceElement::f16 : DeviceElement::f32;
      if (devices[device]->alive())
        devices[device]->load(names.at(chunk.tensor.name), chunk.first, element, chunk.bytes);
    } catch (const DeviceError& error) {
      const std::lock_guard lock(failing);
      if (!out[device])
        failed(device, error.what());
      out[device] = true; // other threads' chunks fail, too
    }
  };
  source.read([&](const TensorInfo& tensor) { return names.contains(tensor.name); },
              [&](const TensorChunk& chunk) {
                for (std::size_t device = 0; device < devices.size(); ++device)
                  send(device, chunk);
              },
              threads);
}

} // namespace sciexam::inline inference
