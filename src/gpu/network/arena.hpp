// Addresses on a device.
#pragma once

#include "gpu/driver/driver_api.hpp"

#include <cstdint>

namespace sciexam::inline gpu {

/// Weight and bias, f32.
struct DeviceNorm {
  driver::Pointer weight = 0, bias = 0;
};

/// Hands out addresses, 256 bytes apart; the first pass, with base 0, says how many bytes are needed.
class Arena {
public:
  explicit Arena(driver::Pointer base) : base_(base) {}
  driver::Pointer take(std::uint64_t bytes) {
    const driver::Pointer address = base_ + used_;
    used_ += (bytes + 255) / 256 * 256;
    return address;
  }
  std::uint64_t used() const noexcept { return used_; }

private:
  driver::Pointer base_;
  std::uint64_t used_ = 0;
};

} // namespace sciexam::inline gpu
