// A fault that a kernel committed: ends its launch.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "gpu/driver_api.hpp"

namespace sciexam::emulated {

class Finding : public std::runtime_error {
public:
  Finding(gpu::Result result, const std::string& what, std::optional<unsigned> lane = {})
      : std::runtime_error(what), result_(result), lane_(lane) {}
  gpu::Result result() const { return result_; }
  std::optional<unsigned> lane() const { return lane_; } ///< the guilty thread of the warp, where it is one

private:
  gpu::Result result_;
  std::optional<unsigned> lane_;
};

} // namespace sciexam::emulated
