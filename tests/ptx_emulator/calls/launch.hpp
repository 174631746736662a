// Runs a grid of blocks.
#pragma once

#include "ptx_emulator/machine/block.hpp"

#include <optional>
#include <string>

namespace sciexam::emulated {

struct Outcome {
  Counters counters = {};
  cuda::Result result = cuda::kSuccess;
  std::string report = {}; ///< of the fault that ended the launch
};

/// Blocks run in order of their numbers, `threads` of them at a time.
Outcome run_grid(const Launch& launch, unsigned threads);

} // namespace sciexam::emulated
