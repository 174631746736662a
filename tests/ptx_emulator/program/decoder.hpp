// Turns one instruction of the text into one that runs. The files of each class of instructions say how; this class
// hands them modifiers and operands, and refuses what nobody took.
#pragma once

#include "ptx_emulator/program/instruction.hpp"
#include "ptx_emulator/text/syntax.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::emulated {

/// Where operands lie; the linker knows.
class OperandPlaces {
public:
  virtual ~OperandPlaces() = default;
  virtual std::uint32_t register_slot(std::uint32_t index) = 0;
  virtual Type register_type(std::uint32_t index) = 0;
  virtual std::uint32_t constant(std::uint64_t bits, unsigned bytes) = 0;
  virtual std::uint32_t special(std::string_view name, unsigned bytes, unsigned line) = 0;
  virtual std::uint32_t sink() = 0;
  /// The address of a variable in its own space.
  virtual std::uint64_t address(const SourceOperand& operand, unsigned line) = 0;
  /// The space that the variable's address is in: a function's parameters are local memory.
  virtual Space space_of(const SourceOperand& operand, unsigned line) = 0;
  virtual bool in_entry() const = 0;
  virtual void shared_access(unsigned bytes) = 0;
};

class Decoder {
public:
  Decoder(OperandPlaces& places, const SourceInstruction& source, unsigned target, unsigned version);

  /// True if the instruction has the modifier, which then counts as understood.
  bool take(std::string_view modifier);
  bool has(std::string_view modifier) const;
  /// The index of the first of `modifiers` that is there; their number if none is.
  std::size_t take_any(std::initializer_list<std::string_view> modifiers);
  /// The first type among the modifiers; `peek_type` leaves it there.
  Type take_type();
  Type peek_type() const;
  /// Space::Generic where none is named.
  Space take_space();
  /// The instruction needs .target sm_`target` and .version `version` (70: 7.0).
  void need(unsigned target, unsigned version);
  unsigned target() const { return target_; }
  [[noreturn]] void fail(const std::string& problem) const;

  std::size_t operands() const { return source_.operands.size(); }
  const SourceOperand& operand(std::size_t k);
  std::string_view opcode() const { return source_.opcode; }

  /// Adds the operand to the instruction; its register must have the type's size (or more, where `wider`).
  void output(const SourceOperand& operand, Type type, bool wider = false);
  void input(const SourceOperand& operand, Type type, bool wider = false);
  void output(std::size_t k, Type type) { output(operand(k), type); }
  void input(std::size_t k, Type type) { input(operand(k), type); }
  /// Outputs operand 0, inputs the next ones.
  void simple(Execute run, Type result, std::initializer_list<Type> inputs);
  /// [base + offset]: the address as first input. Sets `space` where the text says none and the base is a variable.
  void address(std::size_t k);
  /// Bytes of a register; 0 of a predicate. Of an immediate `otherwise`.
  unsigned width(const SourceOperand& operand, unsigned otherwise) const;
  bool is_register(const SourceOperand& operand) const { return operand.kind == SourceOperand::Kind::Register; }

  OperandPlaces& places() { return places_; }
  /// Throws if a modifier or an operand was not understood.
  void finish() const;

  Instruction result = {};

private:
  std::uint32_t slot_of(const SourceOperand& operand, Type type, bool wider);
  std::uint64_t immediate(const SourceOperand& operand, Type type) const;

  OperandPlaces& places_;
  const SourceInstruction& source_;
  unsigned target_;
  unsigned version_;
  std::vector<std::string_view> modifiers_;
  std::size_t operands_taken_ = 0; ///< one past the last that was asked for
};

using Decode = void (*)(Decoder&);
struct Opcode {
  std::string_view name;
  Decode decode;
};

// The floating-point forms of opcodes that integers have too.
void decode_float_add(Decoder& decoder);
void decode_float_sub(Decoder& decoder);
void decode_float_mul(Decoder& decoder);
void decode_float_fma(Decoder& decoder);
void decode_float_div(Decoder& decoder);
void decode_float_min(Decoder& decoder);
void decode_float_max(Decoder& decoder);
void decode_float_neg(Decoder& decoder);
void decode_float_abs(Decoder& decoder);

std::span<const Opcode> integer_opcodes();
std::span<const Opcode> arithmetic_opcodes();
std::span<const Opcode> transcendental_opcodes();
std::span<const Opcode> bit_opcodes();
std::span<const Opcode> compare_opcodes();
std::span<const Opcode> convert_opcodes();
std::span<const Opcode> move_opcodes();
std::span<const Opcode> memory_opcodes();
std::span<const Opcode> atomic_opcodes();
std::span<const Opcode> async_copy_opcodes();
std::span<const Opcode> matrix_opcodes();
std::span<const Opcode> exchange_opcodes();
std::span<const Opcode> control_opcodes();

/// Throws PtxError with the line's text.
Instruction decode(OperandPlaces& places, const SourceInstruction& source, unsigned target, unsigned version);

} // namespace sciexam::emulated
