// A block's shared memory, and what is known of each byte.
#pragma once

#include "ptx_emulator/machine/race_shadow.hpp"
#include "ptx_emulator/program/program.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sciexam::emulated {

/// What a byte of shared or local memory is.
enum ByteState : std::uint8_t { kOwned = 1, kWritten = 2, kArriving = 4 };

/// True if all of `bytes` (1 to 16) states are `wanted`.
bool all_are(const std::uint8_t* states, unsigned bytes, std::uint8_t wanted);

class SharedMemory {
public:
  void reset(const Program& program, std::uint64_t dynamic_bytes, unsigned warps);

  std::byte* data() { return data_.data(); }
  std::uint64_t bytes() const { return data_.size(); }
  std::uint8_t* states() { return states_.data(); }
  RaceShadow& races() { return races_; }

  /// Throws Finding if the thread may not do that now; the address is an offset.
  void check(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes, Use use) const;

private:
  [[noreturn]] void explain(unsigned lane, std::uint64_t at, unsigned bytes) const;

  std::vector<std::byte> data_;
  std::vector<std::uint8_t> states_;
  RaceShadow races_;
};

} // namespace sciexam::emulated
