// What goes wrong with a device.
#pragma once

#include "support/errors.hpp"

#include <string>

namespace sciexam::inline gpu {

/// What a fault of the driver or the device means to the work.
enum class DeviceFault {
  no_driver,     ///< libcuda.so.1 is missing, too old, or not permitted
  no_device,     ///< there is no such device, or another process has it
  unsupported,   ///< a device, a driver's compiler or a network's shape that the kernels do not support
  out_of_memory, ///< of the device
  launch_failed, ///< a kernel faulted; the context is lost
  device_lost,   ///< everything else that the device does not recover from
};

/// The text says what happened, on which device and in which call of the driver.
class DeviceError : public Error {
public:
  DeviceError(DeviceFault fault, const std::string& text) : Error(text), fault_(fault) {}
  DeviceFault fault() const noexcept { return fault_; }

private:
  DeviceFault fault_;
};

} // namespace sciexam::inline gpu
