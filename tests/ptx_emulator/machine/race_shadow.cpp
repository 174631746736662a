#include "ptx_emulator/machine/race_shadow.hpp"

#include <algorithm>
#include <bit>

namespace sciexam::emulated {

void RaceShadow::reset(std::uint64_t bytes, unsigned granule, unsigned warps) {
  shift_ = static_cast<unsigned>(std::countr_zero(granule));
  granules_.assign((bytes + granule - 1) / granule, {});
  clocks_.assign(std::size_t{kWarps} * kWarps, 0);
  joined_.assign(std::size_t{kBarriers} * kWarps, 0);
  for (unsigned warp = 0; warp < warps; ++warp)
    clock(warp, warp) = 1;
}

std::optional<unsigned> RaceShadow::conflict(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes,
                                             Use use) const {
  const Stamp now = stamp(warp, lane);
  for (std::uint64_t k = at >> shift_; k <= (at + bytes - 1) >> shift_; ++k) {
    const Granule& granule = granules_[k];
    if (!ordered(granule.write, warp, now) && !(use == Use::Atomic && (granule.write & kAtomic) != 0))
      return thread_of(granule.write);
    if (use != Use::Read)
      for (const Stamp read : granule.reads)
        if (!ordered(read, warp, now))
          return thread_of(read);
  }
  return std::nullopt;
}

bool RaceShadow::record(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes, Use use) {
  const Stamp now = stamp(warp, lane) | (use == Use::Atomic ? kAtomic : 0);
  bool overlaps = false;
  for (std::uint64_t k = at >> shift_; k <= (at + bytes - 1) >> shift_; ++k) {
    Granule& granule = granules_[k];
    if (use == Use::Read) {
      granule.reads[ordered(granule.reads[0], warp, now) ? 0 : 1] = now;
    } else {
      overlaps = overlaps || !ordered(granule.write, warp, now);
      granule = {.write = now};
    }
  }
  return overlaps;
}

void RaceShadow::arrive(unsigned warp, unsigned barrier) {
  ++clock(warp, warp);
  for (unsigned k = 0; k < kWarps; ++k)
    joined_[barrier * kWarps + k] = std::max(joined_[barrier * kWarps + k], clock(warp, k));
}

void RaceShadow::leave(unsigned warp, unsigned barrier) {
  for (unsigned k = 0; k < kWarps; ++k)
    clock(warp, k) = std::max(clock(warp, k), joined_[barrier * kWarps + k]);
}

} // namespace sciexam::emulated
