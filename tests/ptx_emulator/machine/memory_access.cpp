#include "ptx_emulator/machine/memory_access.hpp"

#include "ptx_emulator/machine/block.hpp"

#include <bit>
#include <cstring>
#include <sstream>

namespace sciexam::emulated {
namespace {

std::string hexadecimal(std::uint64_t address) {
  std::ostringstream text;
  text << "0x" << std::hex << address;
  return text.str();
}

const char* name_of(Use use) {
  return use == Use::Read ? "read" : use == Use::Write ? "write" : "atomic";
}

std::string describe(Use use, unsigned bytes, const std::string& address) {
  return std::string(name_of(use)) + " of " + std::to_string(bytes) + " bytes at " + address;
}

[[noreturn]] void explain_device(Warp& warp, unsigned lane, std::uint64_t address, unsigned bytes, Use use) {
  std::string text = "device memory: " + describe(use, bytes, hexadecimal(address)) + " is out of bounds";
  if (const Allocation* near = warp.block().launch().memory->near(address))
    text += ": " + std::to_string(address - near->address) + " bytes into " +
            (near->name.empty() ? "an allocation" : near->name) + " of " + std::to_string(near->bytes);
  throw Finding(cuda::kIllegalAddress, text, lane);
}

std::byte* reach_local(Warp& warp, unsigned lane, std::uint64_t address, unsigned bytes, Use use) {
  Block& block = warp.block();
  const unsigned thread = warp.index() * kLanes + lane;
  const std::uint64_t size = block.program().local.bytes;
  const bool inside = address < size && bytes <= size - address;
  std::uint8_t* const states = block.local_states(thread) + (inside ? address : 0);
  for (unsigned k = 0; k < bytes; ++k)
    if (!inside || (states[k] & kOwned) == 0)
      throw Finding(cuda::kIllegalAddress,
                    "local memory: " + describe(use, bytes, std::to_string(address)) + " is out of bounds", lane);
    else if (use == Use::Write)
      states[k] |= kWritten;
    else if ((states[k] & kWritten) == 0)
      throw Finding(cuda::kLaunchFailed,
                    "local memory: " + describe(use, bytes, std::to_string(address)) + " is uninitialised", lane);
  return block.local(thread) + address;
}

std::byte* reach_parameter(Warp& warp, unsigned lane, std::uint64_t address, unsigned bytes, Use use) {
  if (use == Use::Read)
    for (const Parameter& parameter : warp.block().program().parameters)
      if (address >= parameter.offset && address + bytes <= parameter.offset + parameter.bytes)
        return const_cast<std::byte*>(warp.block().launch().parameters.data()) + address; // only read
  throw Finding(cuda::kIllegalAddress,
                "parameters: " + describe(use, bytes, std::to_string(address)) + " is out of bounds", lane);
}

Space resolve(Space space, std::uint64_t& address) {
  if (space != Space::Generic)
    return space;
  if (address - kSharedWindow < kWindowBytes) {
    address -= kSharedWindow;
    return Space::Shared;
  }
  if (address - kLocalWindow < kWindowBytes) {
    address -= kLocalWindow;
    return Space::Local;
  }
  return Space::Global;
}

} // namespace

std::array<std::uint64_t, kLanes> addresses_of(Warp& warp, const Instruction& instruction) {
  std::array<std::uint64_t, kLanes> addresses;
  const auto offset = static_cast<std::uint64_t>(instruction.offset);
  if (instruction.narrow_address)
    for (unsigned lane = 0; lane < kLanes; ++lane)
      addresses[lane] = warp.lanes<std::uint32_t>(instruction.in())[lane] + offset;
  else
    for (unsigned lane = 0; lane < kLanes; ++lane)
      addresses[lane] = warp.lanes<std::uint64_t>(instruction.in())[lane] + offset;
  return addresses;
}

std::byte* reach_device(Warp& warp, unsigned lane, std::uint64_t address, unsigned bytes, Use use) {
  const Allocation* const allocation = warp.block().allocation(address, bytes);
  if (allocation == nullptr)
    explain_device(warp, lane, address, bytes, use);
  if (allocation->read_only && use != Use::Read)
    throw Finding(cuda::kIllegalAddress, allocation->name + " is constant and is written to", lane);
  warp.block().touch(lane, address, bytes, use);
  std::uint8_t* const written = allocation->written + (address - allocation->address);
  if (use == Use::Write)
    std::memset(written, 0xff, bytes);
  else if (!all_are(written, bytes, 0xff))
    throw Finding(cuda::kLaunchFailed,
                  "device memory: " + describe(use, bytes, hexadecimal(address)) + " is uninitialised", lane);
  return allocation->data + (address - allocation->address);
}

void count_shared(Warp& warp, const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes) {
  Counters& counters = warp.block().counters();
  const BankUse use = bank_use(addresses, mask, bytes);
  counters.shared_bytes += std::uint64_t{bytes} * static_cast<unsigned>(std::popcount(mask));
  counters.shared_wavefronts += use.wavefronts;
  counters.bank_conflicts += use.conflicts;
}

void count_global(Warp& warp, const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes,
                  bool store) {
  Counters& counters = warp.block().counters();
  const std::uint64_t all = std::uint64_t{bytes} * static_cast<unsigned>(std::popcount(mask));
  (store ? counters.global_store_bytes : counters.global_load_bytes) += all;
  (store ? counters.global_store_sectors : counters.global_load_sectors) += sectors(addresses, mask, bytes);
}

Reached reach(Warp& warp, const Instruction& instruction, unsigned bytes, Use use) {
  Reached reached{.addresses = addresses_of(warp, instruction)};
  std::uint32_t shared = 0, global = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    std::uint64_t& address = reached.addresses[lane];
    const Space space = reached.spaces[lane] = resolve(instruction.space, address);
    if (address % bytes != 0)
      throw Finding(cuda::kMisalignedAddress, describe(use, bytes, hexadecimal(address)) + " is misaligned", lane);
    if (space == Space::Shared) {
      warp.block().shared().check(warp.index(), lane, address, bytes, use);
      reached.places[lane] = warp.block().shared().data() + address;
      shared |= 1U << lane;
    } else if (space == Space::Local) {
      reached.places[lane] = reach_local(warp, lane, address, bytes, use);
    } else if (space == Space::Param) {
      reached.places[lane] = reach_parameter(warp, lane, address, bytes, use);
    } else {
      reached.places[lane] = reach_device(warp, lane, address, bytes, use);
      global |= space == Space::Global ? 1U << lane : 0;
    }
  }
  if (use == Use::Read)
    for (unsigned lane = 0; lane < kLanes; ++lane)
      if ((shared >> lane & 1) != 0)
        warp.block().shared().races().record(warp.index(), lane, reached.addresses[lane], bytes, use);
  if (shared != 0)
    count_shared(warp, reached.addresses, shared, bytes);
  if (global != 0)
    count_global(warp, reached.addresses, global, bytes, use != Use::Read);
  return reached;
}

void write(Warp& warp, const Reached& reached, unsigned lane, const std::byte* value, unsigned bytes, Use use) {
  std::byte* const place = reached.places[lane];
  if (reached.spaces[lane] == Space::Shared) {
    SharedMemory& shared = warp.block().shared();
    const std::uint64_t at = reached.addresses[lane];
    const bool overlaps = shared.races().record(warp.index(), lane, at, bytes, use);
    if (overlaps && use == Use::Write && std::memcmp(place, value, bytes) != 0)
      throw Finding(cuda::kLaunchFailed,
                    "race: threads of one warp write different values to shared address " + std::to_string(at), lane);
    std::memset(shared.states() + at, kOwned | kWritten, bytes);
  }
  std::memcpy(place, value, bytes);
}

} // namespace sciexam::emulated
