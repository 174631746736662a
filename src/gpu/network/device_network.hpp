// DeBERTa for multiple choice on one GPU: weights, activations and kernels there, token ids in, logits out.
// f16 storage, f32 accumulation; packed tokens, as in model/network_io.hpp. Needs neither LibTorch nor CUDA's headers.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver.hpp"
#include "gpu/network_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

class DeviceNetwork {
public:
  /// Bytes that the network and its buffers will take on a device.
  static std::size_t memory_needed(const NetworkShape& shape, const DeviceLimits& limits);

  /// Loads `ptx` (kernel_image() of kernel_images.hpp for the device's compute capability) and allocates everything.
  /// rows_by_distance[d + limits.longest - 1] is the relative table's row for the distance d = query - key,
  /// |d| < limits.longest (relative_rows_of() of device_support.hpp); empty without relative attention.
  /// Throws DeviceError.
  DeviceNetwork(const GpuDevice& device, const std::string& ptx, const NetworkShape& shape, const DeviceLimits& limits,
                std::span<const std::uint16_t> rows_by_distance);
  ~DeviceNetwork();

  /// All weights are loaded anew from here on: what arrived of a model whose loading was cut short no longer counts.
  void begin_loading();

  /// Takes consecutive elements of the parameter with this Hugging Face name, row-major, from element `first` on.
  /// Chunks may come in any order. Throws InternalError for a name that the network lacks and a chunk outside the
  /// parameter.
  void load(std::string_view name, std::uint64_t first, DeviceElement element, std::span<const std::byte> bytes);

  /// After all chunks of a model: projects the relative tables of all layers; with `tune`, times the tiles of the
  /// matrix products and picks the fastest (once per device is enough). Throws InternalError naming an incomplete
  /// parameter, or DeviceError. Other weights may be loaded afterwards, again followed by finish_loading().
  void finish_loading(bool tune);

  /// Copies the batch and starts it. Throws InternalError if kBatchesInFlight batches are in flight already, or if the
  /// batch exceeds the limits or an id its table; DeviceError.
  BatchTicket submit(const DeviceBatch& batch);

  /// Sleeps until the batch is done and returns its logits, one per sequence. Each ticket can be used once. Throws
  /// DeviceError: the device is then unusable, whatever the fault.
  std::vector<float> wait(BatchTicket ticket);

  /// The tiles that were picked, for a log: "128x128 for 512 rows of 3072 x 1024, ..."; empty before tuning.
  std::string tuning() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace sciexam::inline gpu
