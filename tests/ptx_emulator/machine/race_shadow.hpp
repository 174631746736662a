// Who touched which bytes of shared memory since the last barrier. Happens-before by vector clocks of warps, after
// Flanagan and Freund, "FastTrack: Efficient and Precise Dynamic Race Detection": of each granule the last write and
// two concurrent reads are kept, which is exact where all warps meet at every barrier.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace sciexam::emulated {

enum class Use : std::uint8_t { Read, Write, Atomic };

class RaceShadow {
public:
  /// `granule`: bytes that are watched as one.
  void reset(std::uint64_t bytes, unsigned granule, unsigned warps);

  /// The thread (warp * 32 + lane) whose earlier access conflicts with this one; checks, records nothing.
  std::optional<unsigned> conflict(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes, Use use) const;
  /// Returns true if another lane of the same instruction has written the same bytes.
  bool record(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes, Use use);

  /// The lanes of a warp waited for each other.
  void synchronize_lanes(unsigned warp) { ++clock(warp, warp); }
  /// A warp arrives at a barrier; when all have, those that wait leave it.
  void arrive(unsigned warp, unsigned barrier);
  void leave(unsigned warp, unsigned barrier);

private:
  static constexpr unsigned kWarps = 32;
  static constexpr unsigned kBarriers = 16;
  /// valid: 1 bit, atomic: 1, warp: 5, lane: 5, clock: 20
  using Stamp = std::uint32_t;
  static constexpr Stamp kValid = 1U << 31, kAtomic = 1U << 30, kClock = (1U << 20) - 1;
  struct Granule {
    Stamp write = 0;
    std::array<Stamp, 2> reads = {};
  };
  static unsigned thread_of(Stamp stamp) { return (stamp >> 20) & 1023; }

  std::uint32_t& clock(unsigned observer, unsigned warp) { return clocks_[observer * kWarps + warp]; }
  std::uint32_t clock(unsigned observer, unsigned warp) const { return clocks_[observer * kWarps + warp]; }
  Stamp stamp(unsigned warp, unsigned lane) const {
    return kValid | warp << 25 | lane << 20 | (clock(warp, warp) & kClock);
  }
  /// Nothing happened there, the same thread did it, or a barrier lies between.
  bool ordered(Stamp earlier, unsigned warp, Stamp now) const {
    return earlier == 0 || ((earlier ^ now) >> 20 & 1023) == 0 ||
           (earlier & kClock) < clock(warp, thread_of(earlier) >> 5);
  }

  unsigned shift_ = 0; ///< log2 of a granule's bytes
  std::vector<Granule> granules_;
  std::vector<std::uint32_t> clocks_; ///< [observer][warp]: what the observer knows of the warp's clock
  std::vector<std::uint32_t> joined_; ///< [barrier][warp]
};

} // namespace sciexam::emulated
