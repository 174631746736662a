// The helper's side of the protocol: one device, one network on it.
#pragma once

#include "gpu/driver/driver.hpp"
#include "gpu/helper/protocol.hpp"
#include "gpu/helper/training_server.hpp"
#include "gpu/network/device_network.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sciexam::inline gpu {

class DeviceServer {
public:
  explicit DeviceServer(protocol::SharedMemory& memory) : memory_(memory), training_(memory) {}

  /// Opens the device, reports it, and answers requests until the program closes the socket. Throws what goes wrong;
  /// the caller then calls report_failure().
  void serve(int ordinal);

  /// Answers the current request.
  void report_failure(DeviceFault fault, const char* text) const;

private:
  bool receive();
  void answer(protocol::Kind kind, std::uint64_t number) const;
  void report_ready(int ordinal);
  void open_network();
  void load();
  void submit();
  void finish_oldest();
  void train();

  protocol::SharedMemory& memory_;
  protocol::Message request_ = {};   ///< the last one received
  protocol::DeviceFacts facts_ = {}; ///< as far as known
  std::optional<GpuDevice> device_;
  std::unique_ptr<DeviceNetwork> network_;
  TrainingServer training_;
  NetworkShape shape_ = {};
  DeviceLimits limits_ = {};
  std::vector<std::uint16_t> rows_;
  struct Running {
    std::uint64_t number = 0;
    std::size_t lane = 0;
    BatchTicket ticket = 0;
  };
  std::deque<Running> running_; ///< oldest first
};

} // namespace sciexam::inline gpu
