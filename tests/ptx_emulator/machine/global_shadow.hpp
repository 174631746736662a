// Which blocks of one launch touched which bytes of device memory. Blocks run in any order, so that what one writes no
// other may read or write; what atomics alone write others may read and change by atomics.
#pragma once

#include "ptx_emulator/machine/race_shadow.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace sciexam::emulated {

class GlobalShadow {
public:
  struct Conflict {
    std::uint64_t block = 0, address = 0; ///< the other block; the first byte
    Use use = Use::Read;                  ///< what the other did
  };

  /// Notes that a block uses these bytes. The conflict with another block's use, if there is one.
  std::optional<Conflict> touch(std::uint64_t block, std::uint64_t address, unsigned bytes, Use use);

private:
  static constexpr unsigned kLine = 64, kShards = 64;
  /// Of a byte: numbers of blocks, counted from 1; 0: none.
  struct Byte {
    std::uint32_t writer = 0; ///< the last one
    std::uint32_t reader = 0; ///< the last one
    bool several = false;     ///< blocks read it
    bool atomic = false;      ///< it was written by atomics alone
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::uint64_t, std::array<Byte, kLine>> lines;
  };

  std::array<Shard, kShards> shards_;
};

} // namespace sciexam::emulated
