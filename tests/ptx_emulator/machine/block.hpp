// A block of threads: its warps, shared and local memory, and barriers.
#pragma once

#include "ptx_emulator/machine/counters.hpp"
#include "ptx_emulator/machine/device_memory.hpp"
#include "ptx_emulator/machine/finding.hpp"
#include "ptx_emulator/machine/global_shadow.hpp"
#include "ptx_emulator/machine/shared_memory.hpp"
#include "ptx_emulator/machine/warp.hpp"
#include "ptx_emulator/program/program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace sciexam::emulated {

using Dimensions = std::array<unsigned, 3>;

struct Launch {
  const Program* program = nullptr;
  Dimensions grid = {};
  Dimensions block = {};
  unsigned dynamic_shared = 0;
  std::span<const std::byte> parameters = {};
  const DeviceMemory* memory = nullptr;
  bool wrong_numbers = false;          ///< products come out a quarter too large
  std::uint64_t most_instructions = 0; ///< of a block's warps; more is an endless loop

  unsigned threads() const { return block[0] * block[1] * block[2]; }
  std::uint64_t blocks() const { return std::uint64_t{grid[0]} * grid[1] * grid[2]; }
};

/// What the blocks of a launch have in common.
struct BlocksShare {
  std::mutex atomics; ///< held while memory that all blocks see is changed by an atomic
  GlobalShadow touched;
};

class Block {
public:
  Block(const Launch& launch, BlocksShare& share);
  /// Runs the block of that number (x fastest) from start to end. Throws Finding.
  void run(std::uint64_t number);
  /// "block (0,0,0) thread (3,0,0), PTX line 7 `...`": where `finding` happened in the run that threw it.
  std::string place(const Finding& finding) const;

  const Launch& launch() const { return launch_; }
  const Program& program() const { return *launch_.program; }
  SharedMemory& shared() { return shared_; }
  Counters& counters() { return counters_; }
  std::mutex& atomics() { return share_.atomics; }
  /// Notes a use of device memory. Throws Finding if another block's use conflicts with it.
  void touch(unsigned lane, std::uint64_t address, unsigned bytes, Use use);
  const Dimensions& position() const { return position_; }
  Dimensions thread_position(unsigned thread) const;
  unsigned warps() const { return static_cast<unsigned>(warps_.size()); }

  std::byte* local(unsigned thread) { return local_.data() + thread * program().local.bytes; }
  std::uint8_t* local_states(unsigned thread) { return local_states_.data() + thread * program().local.bytes; }
  /// The device's allocation around an address; remembers the last ones.
  const Allocation* allocation(std::uint64_t address, unsigned bytes);

  /// The warp arrives at a barrier for `threads` threads, 0: all; waits there if `waits`.
  void arrive(Warp& warp, unsigned barrier, unsigned threads, bool waits);
  void warp_ended();

private:
  struct Barrier {
    unsigned arrived = 0; ///< warps
    unsigned wanted = 0;  ///< 0: all that live
    std::vector<Warp*> waiting = {};
  };

  void release_if_complete(unsigned barrier);
  unsigned live_warps() const;
  [[noreturn]] void report_deadlock() const;

  const Launch& launch_;
  BlocksShare& share_;
  std::uint64_t number_ = 0;
  Dimensions position_ = {};
  std::vector<std::unique_ptr<Warp>> warps_;
  SharedMemory shared_;
  std::vector<std::byte> local_;
  std::vector<std::uint8_t> local_states_;
  std::array<Barrier, 16> barriers_;
  Counters counters_;
  std::array<const Allocation*, 4> recent_ = {};
  std::size_t oldest_ = 0;
  const Warp* running_ = nullptr;
};

} // namespace sciexam::emulated
