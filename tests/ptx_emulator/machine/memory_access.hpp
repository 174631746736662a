// What every access to memory goes through: from addresses to the host's memory, with all checks.
#pragma once

#include "ptx_emulator/machine/race_shadow.hpp"
#include "ptx_emulator/machine/warp.hpp"
#include "ptx_emulator/program/instruction.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sciexam::emulated {

struct Reached {
  std::array<std::uint64_t, kLanes> addresses = {}; ///< of the active lanes, generic ones reduced to their space's
  std::array<Space, kLanes> spaces = {};            ///< never Generic
  std::array<std::byte*, kLanes> places = {};
};

/// The addresses in an instruction's input, its offset added.
std::array<std::uint64_t, kLanes> addresses_of(Warp& warp, const Instruction& instruction);

/// Checks an access of `bytes` by each active lane: bounds, alignment, initialisation, races. Counts it. Throws
/// Finding. A write must be completed by write() lane for lane.
Reached reach(Warp& warp, const Instruction& instruction, unsigned bytes, Use use);

/// Stores a lane's value, and notes that it did.
void write(Warp& warp, const Reached& reached, unsigned lane, const std::byte* value, unsigned bytes, Use use);

/// One lane's bytes of device memory, checked for bounds and initialisation; a write counts as done.
std::byte* reach_device(Warp& warp, unsigned lane, std::uint64_t address, unsigned bytes, Use use);

void count_shared(Warp& warp, const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes);
void count_global(Warp& warp, const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes,
                  bool store);

} // namespace sciexam::emulated
