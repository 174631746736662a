#include "ptx_emulator/machine/warp.hpp"

#include "ptx_emulator/instructions/special_registers.hpp"
#include "ptx_emulator/machine/block.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sciexam::emulated {
namespace {

constexpr std::size_t kAlignment = 32; ///< of registers, for the CPU's vectors

} // namespace

Warp::Warp(Block& block, unsigned index)
    : block_(block), program_(block.program()), index_(index), storage_(program_.registers.size() + kAlignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
  registers_.start = storage_.data() + (kAlignment - address % kAlignment) % kAlignment;
  std::copy(program_.registers.begin(), program_.registers.end(), registers_.start);
}

void Warp::start() {
  const unsigned threads = block_.launch().threads() - std::min(block_.launch().threads(), index_ * kLanes);
  live_ = threads >= kLanes ? kAllLanes : (1U << threads) - 1;
  paths_.assign(1, {.mask = live_});
  frames_.clear();
  copies_.clear();
  state_ = State::Running;
  for (const std::uint32_t slot : program_.variables)
    defined(slot) = 0;
  for (const SpecialRegister& special : program_.specials)
    fill_special(*this, special);
}

std::uint32_t Warp::defined_inputs(const Instruction& instruction) {
  std::uint32_t lanes = kAllLanes;
  for (unsigned k = 0; k < instruction.inputs; ++k)
    lanes &= defined(instruction.in(k));
  return lanes;
}

std::uint64_t Warp::run(std::uint64_t most) {
  Counters& counters = block_.counters();
  std::uint64_t spent = 0;
  for (; state_ == State::Running && spent < most; ++spent) {
    Path& path = paths_.back();
    const Instruction& instruction = program_.code[path.next++];
    line_ = instruction.line;
    active_ = path.mask;
    if (instruction.guarded) {
      if ((active_ & ~defined(instruction.guard)) != 0)
        throw Finding(cuda::kLaunchFailed, "the guard is undefined",
                      std::countr_zero(active_ & ~defined(instruction.guard)));
      const std::uint32_t guard = predicate(instruction.guard);
      active_ &= instruction.guard_negated ? ~guard : guard;
    }
    ++counters.instructions[static_cast<std::size_t>(instruction.kind)];
    if (active_ != 0) {
      const std::uint32_t defined_lanes = defined_inputs(instruction);
      if ((active_ & ~defined_lanes) != 0 && !instruction.copies)
        throw Finding(cuda::kLaunchFailed, "an operand is an undefined register",
                      std::countr_zero(active_ & ~defined_lanes));
      instruction.run(*this, instruction);
      for (unsigned k = 0; k < instruction.outputs; ++k) {
        std::uint32_t& lanes = defined(instruction.out(k));
        lanes = instruction.copies ? (lanes & ~active_) | (active_ & defined_lanes) : lanes | active_;
      }
    }
    drop_finished_paths();
  }
  return spent;
}

void Warp::drop_finished_paths() {
  while (!paths_.empty() && (paths_.back().next == paths_.back().reconverge || paths_.back().mask == 0)) {
    paths_.pop_back();
    while (!frames_.empty() && paths_.size() <= frames_.back().base)
      frames_.pop_back();
  }
  if (paths_.empty() && state_ != State::Done) {
    state_ = State::Done;
    block_.warp_ended();
  }
}

void Warp::branch(const Instruction& instruction) {
  const Path path = paths_.back();
  const std::uint32_t staying = path.mask & ~active_;
  if (staying == 0) {
    paths_.back().next = instruction.target;
    return;
  }
  const std::uint32_t meeting = instruction.reconverge;
  if (path.reconverge == meeting)
    paths_.pop_back(); // the path below waits there already
  else
    paths_.back().next = meeting;
  if (path.next != meeting)
    paths_.push_back({path.next, meeting, staying});
  if (instruction.target != meeting)
    paths_.push_back({instruction.target, meeting, active_});
}

void Warp::call(const Instruction& instruction) {
  const auto index = static_cast<std::uint32_t>(instruction.offset);
  copy_local(program_.calls[index].parameters);
  frames_.push_back({paths_.size(), index});
  paths_.push_back({.next = instruction.target, .mask = active_});
}

void Warp::leave_function() {
  if (frames_.empty())
    return exit();
  copy_local(program_.calls[frames_.back().call].results);
  forget(active_, frames_.back().base);
}

void Warp::exit() {
  live_ &= ~active_;
  forget(active_, 0);
}

void Warp::forget(std::uint32_t lanes, std::size_t base) {
  for (std::size_t k = base; k < paths_.size(); ++k)
    paths_[k].mask &= ~lanes;
}

void Warp::copy_local(const std::vector<Copy>& copies) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!runs(lane))
      continue;
    const unsigned thread = index_ * kLanes + lane;
    for (const Copy& copy : copies) {
      std::memcpy(block_.local(thread) + copy.to, block_.local(thread) + copy.from, copy.bytes);
      std::memcpy(block_.local_states(thread) + copy.to, block_.local_states(thread) + copy.from, copy.bytes);
    }
  }
}

void Warp::demand_all_live(const char* what) const {
  if (active_ != live_)
    throw Finding(cuda::kLaunchFailed, std::string(what) + " is not executed by all threads of the warp",
                  std::countr_zero(live_ & ~active_));
}

} // namespace sciexam::emulated
