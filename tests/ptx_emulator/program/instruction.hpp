// One decoded instruction: what the interpreter's loop runs for 32 lanes at once.
#pragma once

#include "ptx_emulator/text/types.hpp"

#include <array>
#include <cstdint>

namespace sciexam::emulated {

class Warp;
struct Instruction;
using Execute = void (*)(Warp&, const Instruction&);

constexpr unsigned kLanes = 32;
constexpr std::uint32_t kAllLanes = 0xffffffff;
constexpr std::uint32_t kNowhere = 0xffffffff; ///< a program counter that is never reached

enum class Kind : std::uint8_t { Mma, Ldmatrix, Shared, Global, Local, Alu, Sfu, Exchange, Barrier, Control };
constexpr std::size_t kKinds = 10;

struct Instruction {
  Execute run = nullptr;
  /// Places in the warp's register file: outputs, then inputs (of a memory access the address first).
  std::array<std::uint32_t, 16> slots = {};
  std::uint8_t outputs = 0;
  std::uint8_t inputs = 0;
  Kind kind = Kind::Alu;
  bool guarded = false;
  bool guard_negated = false;
  bool copies = false;          ///< moves lanes: undefined ones may be moved, and stay undefined
  bool narrow_address = false;  ///< the address is a 32-bit register
  Space space = Space::Generic; ///< of an access to memory
  std::uint8_t bytes = 0;       ///< of one element in memory
  std::uint8_t elements = 1;    ///< of a vector; matrices of ldmatrix
  std::uint8_t variant = 0;     ///< what `run` distinguishes
  std::uint32_t guard = 0;
  std::int64_t offset = 0;        ///< added to an address
  std::int64_t source_offset = 0; ///< of cp.async, added to where it copies from
  std::uint32_t target = 0;
  std::uint32_t reconverge = kNowhere;
  std::uint32_t line = 0;

  std::uint32_t out(unsigned k = 0) const { return slots[k]; }
  std::uint32_t in(unsigned k = 0) const { return slots[outputs + k]; }
};

} // namespace sciexam::emulated
