// cp.async of a warp: copies that are under way until their thread waits for them.
#pragma once

#include "ptx_emulator/program/instruction.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sciexam::emulated {

struct AsyncCopies {
  struct Copy {
    unsigned lane = 0;
    std::uint64_t at = 0; ///< in shared memory
    unsigned bytes = 0;
    std::uint32_t group = 0;
    std::array<std::byte, 16> data = {};
  };
  std::vector<Copy> pending = {};
  std::array<std::uint32_t, kLanes> committed = {}; ///< groups so far, by lane

  void clear() {
    pending.clear();
    committed = {};
  }
};

} // namespace sciexam::emulated
