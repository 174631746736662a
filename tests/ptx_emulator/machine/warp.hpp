// 32 threads in step: their registers, and which of them run where.
#pragma once

#include "ptx_emulator/instructions/async_copy.hpp"
#include "ptx_emulator/program/instruction.hpp"
#include "ptx_emulator/program/program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sciexam::emulated {

class Block;

class Warp {
public:
  enum class State { Running, Waiting, Done };

  Warp(Block& block, unsigned index);
  /// All threads of the block that this warp holds start the kernel.
  void start();
  /// Until the warp waits, ends, or has run so many instructions; returns how many it ran. Throws Finding.
  std::uint64_t run(std::uint64_t most);

  State state() const { return state_; }
  void wake() { state_ = State::Running; }
  std::uint32_t line() const { return line_; } ///< of the instruction that ran last

  // For the instructions:
  Block& block() { return block_; }
  unsigned index() const { return index_; }
  std::uint32_t active() const { return active_; } ///< lanes that execute the instruction
  std::uint32_t live() const { return live_; }     ///< lanes that have not exited
  bool runs(unsigned lane) const { return (active_ >> lane & 1) != 0; }
  template <class T>
  T* lanes(std::uint32_t slot) {
    return reinterpret_cast<T*>(registers_.data() + slot);
  }
  /// A predicate's lanes.
  std::uint32_t& predicate(std::uint32_t slot) { return *lanes<std::uint32_t>(slot); }
  void set_predicate(std::uint32_t slot, std::uint32_t values) {
    predicate(slot) = (predicate(slot) & ~active_) | (values & active_);
  }
  AsyncCopies& copies() { return copies_; }

  void branch(const Instruction& instruction);
  void call(const Instruction& instruction);
  void leave_function();
  void exit();
  void wait() { state_ = State::Waiting; }
  /// Throws unless every live lane takes part, as a warp-wide instruction demands.
  void demand_all_live(const char* what) const;

private:
  struct Path {
    std::uint32_t next = 0;
    std::uint32_t reconverge = kNowhere;
    std::uint32_t mask = 0;
  };
  struct Frame {
    std::size_t base = 0; ///< of its paths
    std::uint32_t call = 0;
  };

  std::uint32_t& defined(std::uint32_t slot) { return *lanes<std::uint32_t>(slot - 4); }
  std::uint32_t defined_inputs(const Instruction& instruction);
  void drop_finished_paths();
  void forget(std::uint32_t lanes, std::size_t base);
  void copy_local(const std::vector<Copy>& copies);

  Block& block_;
  const Program& program_;
  unsigned index_;
  std::vector<std::byte> storage_;
  std::vector<Path> paths_; ///< the last one runs
  std::vector<Frame> frames_;
  State state_ = State::Done;
  std::uint32_t active_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t line_ = 0;
  AsyncCopies copies_;

  struct Registers {
    std::byte* start = nullptr;
    std::byte* data() { return start; }
  } registers_;
};

} // namespace sciexam::emulated
