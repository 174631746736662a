// cp.async: global to shared memory without registers. A copy arrives when its thread waits for it: until then its
// target must not be touched, from then on it is as written by that thread.
#include "ptx_emulator/instructions/async_copy.hpp"

#include "ptx_emulator/machine/block.hpp"
#include "ptx_emulator/machine/memory_access.hpp"
#include "ptx_emulator/program/decoder.hpp"

#include <algorithm>
#include <cstring>

namespace sciexam::emulated {
namespace {

/// Inputs: target, source, and where the instruction says so how many bytes of the source are taken (zeros follow).
void start_copies(Warp& warp, const Instruction& instruction) {
  const unsigned bytes = instruction.bytes;
  const auto targets = reach(warp, instruction, bytes, Use::Write);
  std::array<std::uint64_t, kLanes> sources = {};
  SharedMemory& shared = warp.block().shared();
  std::uint32_t reading = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    const unsigned taken = instruction.inputs > 2 ? warp.lanes<std::uint32_t>(instruction.in(2))[lane] : bytes;
    const std::uint64_t from = sources[lane] =
        warp.lanes<std::uint64_t>(instruction.in(1))[lane] + static_cast<std::uint64_t>(instruction.source_offset);
    if (taken > bytes)
      throw Finding(cuda::kLaunchFailed, "cp.async takes more of its source than it copies", lane);
    if (from % bytes != 0)
      throw Finding(cuda::kMisalignedAddress, "cp.async reads from a misaligned address", lane);
    const std::uint64_t at = targets.addresses[lane];
    AsyncCopies::Copy copy{.lane = lane, .at = at, .bytes = bytes, .group = warp.copies().committed[lane]};
    if (taken != 0)
      std::memcpy(copy.data.data(), reach_device(warp, lane, from, taken, Use::Read), taken);
    reading |= taken != 0 ? 1U << lane : 0;
    if (shared.races().record(warp.index(), lane, at, bytes, Use::Write))
      throw Finding(cuda::kLaunchFailed, "race: threads of one warp copy to the same shared address", lane);
    std::memset(shared.states() + at, kOwned | kArriving, bytes);
    warp.copies().pending.push_back(copy);
  }
  if (reading != 0)
    count_global(warp, sources, reading, bytes, false);
}

void commit(Warp& warp, const Instruction&) {
  for (unsigned lane = 0; lane < kLanes; ++lane)
    warp.copies().committed[lane] += warp.runs(lane) ? 1 : 0;
}

void arrive(Warp& warp, const AsyncCopies::Copy& copy) {
  SharedMemory& shared = warp.block().shared();
  std::memcpy(shared.data() + copy.at, copy.data.data(), copy.bytes);
  std::memset(shared.states() + copy.at, kOwned | kWritten, copy.bytes);
  shared.races().record(warp.index(), copy.lane, copy.at, copy.bytes, Use::Write);
}

/// All but the last `offset` groups of each lane have arrived; with `variant` 1 also what is in no group yet.
void wait_for_copies(Warp& warp, const Instruction& instruction) {
  auto& pending = warp.copies().pending;
  const auto arrives = [&](const AsyncCopies::Copy& copy) {
    if (!warp.runs(copy.lane))
      return false;
    const std::int64_t groups = warp.copies().committed[copy.lane];
    return instruction.variant == 1 || copy.group < groups - instruction.offset;
  };
  const auto rest = std::stable_partition(pending.begin(), pending.end(), arrives);
  for (auto copy = pending.begin(); copy != rest; ++copy)
    arrive(warp, *copy);
  pending.erase(pending.begin(), rest);
}

void decode_wait(Decoder& decoder) {
  decoder.result.run = &wait_for_copies;
  decoder.result.kind = Kind::Barrier;
  if (decoder.take("wait_all")) {
    decoder.result.variant = 1;
    return;
  }
  decoder.take("wait_group");
  if (decoder.operand(0).kind != SourceOperand::Kind::Integer)
    decoder.fail("the number of groups must be written out");
  decoder.result.offset = static_cast<std::int64_t>(decoder.operand(0).bits);
}

void decode_copy(Decoder& decoder) {
  const std::size_t cache = decoder.take_any({"ca", "cg"});
  decoder.take_any({"L2::64B", "L2::128B", "L2::256B"});
  if (cache == 2 || !(decoder.take("shared") || decoder.take("shared::cta")) || !decoder.take("global"))
    decoder.fail("cp.async needs .ca or .cg, and .shared.global");
  const SourceOperand& size = decoder.operand(2);
  if (size.kind != SourceOperand::Kind::Integer ||
      !(size.bits == 16 || (cache == 0 && (size.bits == 4 || size.bits == 8))))
    decoder.fail("cp.async.ca copies 4, 8 or 16 bytes, cp.async.cg 16");
  decoder.result.run = &start_copies;
  decoder.result.kind = Kind::Global;
  decoder.result.bytes = static_cast<std::uint8_t>(size.bits);
  decoder.result.space = Space::Global;
  const SourceOperand& source = decoder.operand(1);
  if (source.kind != SourceOperand::Kind::Memory)
    decoder.fail("expected an address in brackets");
  decoder.result.source_offset = source.offset;
  decoder.result.space = Space::Shared;
  decoder.address(0);
  decoder.input(source.elements[0], Type::U64);
  if (decoder.operands() > 3)
    decoder.input(3, Type::U32);
  decoder.places().shared_access(static_cast<unsigned>(size.bits));
}

void decode_cp(Decoder& decoder) {
  decoder.need(80, 70);
  if (!decoder.take("async"))
    decoder.fail("of cp only cp.async is known");
  if (decoder.take("commit_group")) {
    decoder.result.run = &commit;
    decoder.result.kind = Kind::Control;
  } else if (decoder.has("wait_group") || decoder.has("wait_all")) {
    decode_wait(decoder);
  } else {
    decode_copy(decoder);
  }
}

constexpr Opcode kOpcodes[] = {{"cp", &decode_cp}};

} // namespace

std::span<const Opcode> async_copy_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
