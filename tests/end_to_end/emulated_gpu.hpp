// Emulated GPUs for the program.
#pragma once

#include <string>
#include <vector>

namespace sciexam::test {

using Environment = std::vector<std::string>;

/// `faults` as tests/ptx_emulator/calls/settings.hpp says. The driver is of the oldest version that is supported.
inline Environment emulated(const std::string& faults = {}, int devices = 1,
                            const std::string& folder = SCIEXAM_DRIVER_FOLDER) {
  return {"LD_LIBRARY_PATH=" + folder, "SCIEXAM_EMULATED_DEVICES=" + std::to_string(devices),
          "SCIEXAM_EMULATED_FAULTS=" + faults, "SCIEXAM_EMULATED_DRIVER=11.0", "SCIEXAM_DEVICE_TIMEOUT=30"};
}

} // namespace sciexam::test
