// One of the batches in flight: its stream, its pinned memory on the host, its buffers on the device.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver.hpp"
#include "gpu/network/device_weights.hpp"
#include "gpu/network_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sciexam::inline gpu {

/// Where the arrays that describe a batch lie in one block of int32, the same on the host and on the device, so that a
/// single copy brings them there.
struct BatchInput {
  std::uint64_t ids = 0, places = 0, types = 0; ///< byte offsets of [tokens]; places: of a token in its sequence
  std::uint64_t offsets = 0;                    ///< [sequences + 1]
  std::uint64_t blocks = 0;                     ///< [query blocks, 2]: sequence, first query; long sequences first
  std::uint64_t first_blocks = 0;               ///< [sequences, 2]: the same for first tokens alone
  std::uint64_t bytes = 0;

  explicit BatchInput(const DeviceLimits& limits);
};

/// Activations, f16 except logits, in rows of NetworkShape::parts() parts; addresses from an Arena.
struct DeviceBuffers {
  driver::Pointer input = 0;                  ///< BatchInput
  driver::Pointer hidden = 0, attended = 0;   ///< [tokens, hidden_size]
  driver::Pointer embedded = 0;               ///< [tokens, padded embedding], if that is another width
  driver::Pointer query_key_value = 0;        ///< [tokens, 3 * padded heads]
  driver::Pointer context = 0;                ///< [tokens, padded heads]
  driver::Pointer inner = 0;                  ///< [tokens, intermediate_size]
  driver::Pointer first = 0, first_query = 0; ///< [sequences, hidden_size], [sequences, padded heads]
  driver::Pointer logits = 0;                 ///< [sequences]

  DeviceBuffers(const NetworkShape& shape, const DeviceLimits& limits, Arena& arena);
};

/// Throws InternalError if the batch exceeds limits or shape.
void require_valid(const DeviceBatch& batch, const NetworkShape& shape, const DeviceLimits& limits);

class DeviceLane {
public:
  DeviceLane(const GpuDevice& device, const NetworkShape& shape, const DeviceLimits& limits, Arena& arena);
  DeviceLane(const DeviceLane&) = delete;
  DeviceLane& operator=(const DeviceLane&) = delete;
  ~DeviceLane();

  /// Starts copying a batch to the device. Throws InternalError if it exceeds limits or shape.
  void take(const DeviceBatch& batch);
  /// After the kernels: copies the logits back and records the event.
  void finish();
  /// Waits for finish()'s event.
  std::vector<float> logits();

  driver::Stream stream() const noexcept { return stream_; }
  driver::Pointer input(std::uint64_t offset) const noexcept { return buffers.input + offset; }

  BatchInput layout;
  DeviceBuffers buffers;
  int tokens = 0, sequences = 0, blocks = 0; ///< of the batch in flight
  std::optional<BatchTicket> ticket = {};    ///< nothing: free

private:
  std::int32_t* host(std::uint64_t offset) const { return reinterpret_cast<std::int32_t*>(host_input_ + offset); }

  const GpuDevice& device_;
  NetworkShape shape_;
  DeviceLimits limits_;
  driver::Stream stream_ = nullptr;
  driver::Event done_ = nullptr;
  std::byte* host_input_ = nullptr;
  float* host_logits_ = nullptr;
};

} // namespace sciexam::inline gpu
