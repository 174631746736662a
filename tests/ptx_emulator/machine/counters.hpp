// What kernels did, for estimates of their speed on a device.
#pragma once

#include "ptx_emulator/program/instruction.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace sciexam::emulated {

/// Numbers of instructions are of warps.
struct Counters {
  std::uint64_t launches = 0;
  std::uint64_t blocks = 0;
  std::uint64_t threads = 0;
  std::array<std::uint64_t, kKinds> instructions = {}; ///< by Kind
  std::uint64_t global_load_bytes = 0;                 ///< that threads asked for
  std::uint64_t global_store_bytes = 0;
  std::uint64_t global_load_sectors = 0; ///< of 32 bytes, those of one instruction counted once
  std::uint64_t global_store_sectors = 0;
  std::uint64_t shared_bytes = 0;
  std::uint64_t shared_wavefronts = 0; ///< passes over the 32 banks
  std::uint64_t bank_conflicts = 0;    ///< wavefronts beyond those that the width needs

  void add(const Counters& other);
};

/// 32-byte sectors that the lanes of `mask` touch.
unsigned sectors(const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes);

/// Passes over 32 banks of 4 bytes: 8-byte accesses go by half warps, 16-byte ones by quarters; lanes of one pass that
/// want the same word share it.
struct BankUse {
  unsigned wavefronts = 0;
  unsigned conflicts = 0;
};
BankUse bank_use(const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes);

/// A JSON object with a member for each kernel.
std::string to_json(const std::map<std::string, Counters>& kernels);

} // namespace sciexam::emulated
