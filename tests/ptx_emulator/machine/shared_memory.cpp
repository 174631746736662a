#include "ptx_emulator/machine/shared_memory.hpp"

#include "ptx_emulator/machine/finding.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace sciexam::emulated {
namespace {

template <class Word>
bool word_is(const std::uint8_t* states, std::uint8_t wanted) {
  Word word = 0;
  std::memcpy(&word, states, sizeof(word));
  return word == static_cast<Word>(wanted * static_cast<Word>(0x0101010101010101));
}

} // namespace

bool all_are(const std::uint8_t* states, unsigned bytes, std::uint8_t wanted) {
  switch (bytes) {
  case 1:
    return *states == wanted;
  case 2:
    return word_is<std::uint16_t>(states, wanted);
  case 4:
    return word_is<std::uint32_t>(states, wanted);
  case 8:
    return word_is<std::uint64_t>(states, wanted);
  case 16:
    return word_is<std::uint64_t>(states, wanted) && word_is<std::uint64_t>(states + 8, wanted);
  default:
    return std::all_of(states, states + bytes, [&](std::uint8_t state) { return state == wanted; });
  }
}

void SharedMemory::reset(const Program& program, std::uint64_t dynamic_bytes, unsigned warps) {
  data_.resize(program.shared.bytes + dynamic_bytes);
  states_.assign(program.shared.owned.begin(), program.shared.owned.end());
  states_.resize(data_.size(), kOwned);
  races_.reset(data_.size(), program.granule, warps);
}

void SharedMemory::check(unsigned warp, unsigned lane, std::uint64_t at, unsigned bytes, Use use) const {
  if (at >= data_.size() || bytes > data_.size() - at)
    throw Finding(cuda::kIllegalAddress, "shared address " + std::to_string(at) + " is out of bounds", lane);
  const std::uint8_t* states = states_.data() + at;
  if (!all_are(states, bytes, kOwned | kWritten) &&
      !(use == Use::Write && std::all_of(states, states + bytes,
                                         [](std::uint8_t state) { return (state & (kOwned | kArriving)) == kOwned; })))
    explain(lane, at, bytes);
  if (const auto other = races_.conflict(warp, lane, at, bytes, use))
    throw Finding(cuda::kLaunchFailed,
                  "race: " + std::string(use == Use::Read ? "reads" : "writes") + " shared address " +
                      std::to_string(at) + ", which thread " + std::to_string(*other) +
                      " of the block touched without a barrier between",
                  lane);
}

void SharedMemory::explain(unsigned lane, std::uint64_t at, unsigned bytes) const {
  for (std::uint64_t k = at; k < at + bytes; ++k) {
    const std::string place = "shared address " + std::to_string(k);
    if ((states_[k] & kOwned) == 0)
      throw Finding(cuda::kIllegalAddress, place + " is out of bounds: it belongs to no variable", lane);
    if ((states_[k] & kArriving) != 0)
      throw Finding(cuda::kLaunchFailed, place + " is the target of a cp.async that was not waited for", lane);
    if ((states_[k] & kWritten) == 0)
      throw Finding(cuda::kLaunchFailed, place + " is read uninitialised", lane);
  }
  throw Finding(cuda::kUnknown, "shared memory's states are inconsistent", lane);
}

} // namespace sciexam::emulated
