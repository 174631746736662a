// Branches, calls, barriers, and what has no effect here.
#include "ptx_emulator/instructions/control.hpp"

#include "ptx_emulator/machine/block.hpp"
#include "ptx_emulator/program/decoder.hpp"

#include <bit>

namespace sciexam::emulated {
namespace {

void run_branch(Warp& warp, const Instruction& instruction) {
  warp.branch(instruction);
}
void run_exit(Warp& warp, const Instruction&) {
  warp.exit();
}
void run_nothing(Warp&, const Instruction&) {}

void run_trap(Warp&, const Instruction&) {
  throw Finding(cuda::kIllegalInstruction, "trap");
}

std::uint32_t same_in_all(Warp& warp, std::uint32_t slot) {
  const std::uint32_t* const values = warp.lanes<std::uint32_t>(slot);
  const std::uint32_t value = values[std::countr_zero(warp.active())];
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (warp.runs(lane) && values[lane] != value)
      throw Finding(cuda::kLaunchFailed, "the warp's threads name different barriers", lane);
  return value;
}

/// `variant` 1: bar.arrive, which does not wait.
void run_barrier(Warp& warp, const Instruction& instruction) {
  warp.demand_all_live("the barrier");
  const std::uint32_t barrier = same_in_all(warp, instruction.in(0));
  const std::uint32_t threads = instruction.inputs > 1 ? same_in_all(warp, instruction.in(1)) : 0;
  if (barrier > 15 || threads % kLanes != 0 || threads > kLanes * warp.block().warps())
    throw Finding(cuda::kLaunchFailed, "no such barrier: 0 to 15, for whole warps of the block");
  warp.block().arrive(warp, barrier, threads, instruction.variant == 0);
}

void run_warp_barrier(Warp& warp, const Instruction& instruction) {
  const std::uint32_t members = same_in_all(warp, instruction.in(0));
  if ((warp.active() & ~members) != 0 || (members & warp.live() & ~warp.active()) != 0)
    throw Finding(cuda::kLaunchFailed, "bar.warp.sync is not executed by just the threads that it names");
  warp.block().shared().races().synchronize_lanes(warp.index());
}

void decode_bra(Decoder& decoder) {
  decoder.take("uni");
  decoder.operand(0); // the parser has found the label
  decoder.result.run = &run_branch;
  decoder.result.kind = Kind::Control;
}

void decode_ret(Decoder& decoder) {
  decoder.take("uni");
  decoder.result.run = &run_return;
  decoder.result.kind = Kind::Control;
}

void decode_exit(Decoder& decoder) {
  decoder.result.run = &run_exit;
  decoder.result.kind = Kind::Control;
}

void decode_trap(Decoder& decoder) {
  decoder.result.run = &run_trap;
  decoder.result.kind = Kind::Control;
}

void decode_bar(Decoder& decoder) {
  decoder.take("cta");
  decoder.result.kind = Kind::Barrier;
  if (decoder.take("warp")) {
    decoder.result.run = &run_warp_barrier;
    if (!decoder.take("sync"))
      decoder.fail("of bar.warp only bar.warp.sync is known");
    return decoder.input(std::size_t{0}, Type::B32);
  }
  const std::size_t form = decoder.take_any({"sync", "arrive"});
  if (form == 2)
    decoder.fail("of barriers only .sync and .arrive are known");
  decoder.take("aligned");
  decoder.result.run = &run_barrier;
  decoder.result.variant = static_cast<std::uint8_t>(form);
  if (form == 1 && decoder.operands() < 2)
    decoder.fail("bar.arrive needs a number of threads");
  for (std::size_t k = 0; k < std::max<std::size_t>(1, decoder.operands()); ++k)
    decoder.input(k, Type::U32);
}

/// Memory is consistent at any time, as accesses happen one after the other.
void decode_fence(Decoder& decoder) {
  decoder.take_any({"sc", "acq_rel"});
  if (decoder.take_any({"cta", "gl", "gpu", "sys"}) == 4)
    decoder.fail("a fence needs its scope");
  decoder.result.run = &run_nothing;
  decoder.result.kind = Kind::Control;
}

void decode_nanosleep(Decoder& decoder) {
  decoder.take_type();
  decoder.input(std::size_t{0}, Type::U32);
  decoder.result.run = &run_nothing;
  decoder.result.kind = Kind::Control;
}

constexpr Opcode kOpcodes[] = {
    {"bra", &decode_bra},      {"ret", &decode_ret},     {"exit", &decode_exit},
    {"trap", &decode_trap},    {"bar", &decode_bar},     {"barrier", &decode_bar},
    {"membar", &decode_fence}, {"fence", &decode_fence}, {"nanosleep", &decode_nanosleep},
};

} // namespace

void run_call(Warp& warp, const Instruction& instruction) {
  warp.call(instruction);
}
void run_return(Warp& warp, const Instruction&) {
  warp.leave_function();
}

std::span<const Opcode> control_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
