// A GPU behind a process of its own, which contains whatever goes wrong with the device or its driver.
#pragma once

#include "gpu/helper/protocol.hpp"
#include "support/files/descriptor.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sciexam::inline gpu {

/// Seconds that a device may take for one answer before it counts as hung: SCIEXAM_DEVICE_TIMEOUT, or 60. Throws
/// UsageError if that is not a positive number.
double device_timeout();

/// After a DeviceError the process is gone and every further call throws. One thread at a time; load() and alive() may
/// be called by several.
class DeviceProcess {
public:
  static constexpr std::size_t kInFlight = protocol::kLanes; ///< batches that may be submitted and not waited for

  /// Starts the helper for device `ordinal` and returns at once; to be called in the program's first thread, since a
  /// helper ends with its starter. `folder`: see start_helper(). Throws DeviceError (no_driver).
  DeviceProcess(int ordinal, const std::filesystem::path& folder, double timeout);
  DeviceProcess(const DeviceProcess&) = delete;
  DeviceProcess& operator=(const DeviceProcess&) = delete;
  ~DeviceProcess();

  int ordinal() const noexcept { return ordinal_; }
  const std::string& name() const noexcept { return name_; } ///< "GPU 0", then "GPU 0 (Tesla T4)"
  bool alive() const noexcept { return process_ > 0; }

  /// Waits until the helper has opened the device, before anything else may be asked of it. Throws DeviceError with the
  /// reason why it could not.
  const protocol::DeviceFacts& facts();
  /// How many devices the driver has; 0 if the helper failed before it knew.
  int devices_of_driver() const noexcept { return facts_.count; }

  /// Allocates a network, or keeps the present one if it has the same shape. See DeviceNetwork.
  void open_network(const NetworkShape& shape, const DeviceLimits& limits, std::span<const std::uint16_t> rows);
  /// As DeviceNetwork::load(), of any size; from several threads.
  void load(std::string_view parameter, std::uint64_t first, DeviceElement element, std::span<const std::byte> bytes);
  void finish_loading(bool tune);

  /// Sends any other request, waits for its answer and returns it; not beside batches in flight.
  protocol::Message call(const protocol::Message& request);
  protocol::SharedMemory& memory() noexcept { return *memory_; }
  /// Copies a batch to a lane, for a request that says so.
  protocol::Message put_batch(const DeviceBatch& batch, std::uint32_t place);

  std::size_t in_flight() const noexcept { return lanes_.size(); }
  /// Starts a batch within the limits; up to kInFlight of them may be in flight.
  void submit(const DeviceBatch& batch);
  /// The logits of the oldest batch, one per sequence. Polls `stop`: once it is true the process is killed and
  /// DeviceError thrown.
  std::vector<float> wait(const std::function<bool()>& stop = nullptr);

private:
  void require_alive() const;
  void send(protocol::Message& message);
  protocol::Message receive(const std::function<bool()>& stop = nullptr);
  protocol::Message request(protocol::Message message);
  void end() noexcept;
  std::string how_it_ended();
  [[noreturn]] void fail(DeviceFault fault, const std::string& what);

  struct Unmap {
    void operator()(protocol::SharedMemory* memory) const noexcept;
  };

  int ordinal_;
  double timeout_;
  std::string name_;
  pid_t process_ = -1;
  Descriptor socket_;
  std::unique_ptr<protocol::SharedMemory, Unmap> memory_;
  protocol::DeviceFacts facts_ = {};
  bool ready_ = false;                       ///< the device is open
  std::uint64_t requests_ = 0, answers_ = 0; ///< sent, received
  std::deque<std::uint32_t> lanes_;          ///< of the batches in flight, oldest first
  std::array<std::uint32_t, kInFlight> sequences_ = {};
  std::mutex loading_;
};

} // namespace sciexam::inline gpu
