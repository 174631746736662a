// A fault that a kernel committed: ends its launch.
#pragma once

#include "ptx_emulator/calls/driver_api.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace sciexam::emulated {

class Finding : public std::runtime_error {
public:
  Finding(cuda::Result result, const std::string& what, std::optional<unsigned> lane = {})
      : std::runtime_error(what), result_(result), lane_(lane) {}
  cuda::Result result() const { return result_; }
  std::optional<unsigned> lane() const { return lane_; } ///< the guilty thread of the warp, where it is one

private:
  cuda::Result result_;
  std::optional<unsigned> lane_;
};

} // namespace sciexam::emulated
