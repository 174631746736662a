#include "ptx_emulator/program/decoder.hpp"

#include "ptx_emulator/instructions/half.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace sciexam::emulated {
namespace {

unsigned register_bytes(Type type) {
  return type == Type::Pred ? 0 : std::max(2U, bytes_of(type));
}

const std::unordered_map<std::string_view, Decode>& every_opcode() {
  static const std::unordered_map<std::string_view, Decode> kTable = [] {
    std::unordered_map<std::string_view, Decode> table;
    for (const auto& opcodes :
         {integer_opcodes(), arithmetic_opcodes(), transcendental_opcodes(), bit_opcodes(), compare_opcodes(),
          convert_opcodes(), move_opcodes(), memory_opcodes(), atomic_opcodes(), async_copy_opcodes(), matrix_opcodes(),
          exchange_opcodes(), control_opcodes()})
      for (const Opcode& opcode : opcodes)
        table.emplace(opcode.name, opcode.decode);
    return table;
  }();
  return kTable;
}

} // namespace

Decoder::Decoder(OperandPlaces& places, const SourceInstruction& source, unsigned target, unsigned version)
    : places_(places), source_(source), target_(target), version_(version), modifiers_(source.modifiers) {
  result.line = source.line;
  result.target = source.target;
  if (source.guard) {
    result.guarded = true;
    result.guard_negated = source.guard_negated;
    result.guard = places.register_slot(*source.guard);
  }
}

bool Decoder::take(std::string_view modifier) {
  const auto found = std::find(modifiers_.begin(), modifiers_.end(), modifier);
  if (found == modifiers_.end())
    return false;
  modifiers_.erase(found);
  return true;
}

bool Decoder::has(std::string_view modifier) const {
  return std::find(modifiers_.begin(), modifiers_.end(), modifier) != modifiers_.end();
}

std::size_t Decoder::take_any(std::initializer_list<std::string_view> modifiers) {
  std::size_t k = 0;
  for (const std::string_view modifier : modifiers) {
    if (take(modifier))
      break;
    ++k;
  }
  return k;
}

Type Decoder::take_type() {
  const auto found = std::find_if(modifiers_.begin(), modifiers_.end(),
                                  [](std::string_view modifier) { return type_named(modifier).has_value(); });
  if (found == modifiers_.end())
    fail("a type is missing");
  const Type type = *type_named(*found);
  modifiers_.erase(found);
  return type;
}

Type Decoder::peek_type() const {
  for (const std::string_view modifier : modifiers_)
    if (const auto type = type_named(modifier))
      return *type;
  fail("a type is missing");
}

Space Decoder::take_space() {
  const auto found = std::find_if(modifiers_.begin(), modifiers_.end(),
                                  [](std::string_view modifier) { return space_named(modifier).has_value(); });
  if (found == modifiers_.end())
    return Space::Generic;
  const Space space = *space_named(*found);
  modifiers_.erase(found);
  return space;
}

void Decoder::need(unsigned target, unsigned version) {
  if (target_ < target || version_ < version)
    fail("needs .target sm_" + std::to_string(target) + " and .version " + std::to_string(version / 10) + "." +
         std::to_string(version % 10));
}

void Decoder::fail(const std::string& problem) const {
  throw PtxError(source_.line, problem);
}

const SourceOperand& Decoder::operand(std::size_t k) {
  if (k >= source_.operands.size())
    fail("too few operands");
  operands_taken_ = std::max(operands_taken_, k + 1);
  return source_.operands[k];
}

unsigned Decoder::width(const SourceOperand& operand, unsigned otherwise) const {
  return is_register(operand) ? register_bytes(places_.register_type(operand.index)) : otherwise;
}

std::uint64_t Decoder::immediate(const SourceOperand& operand, Type type) const {
  if (operand.kind == SourceOperand::Kind::Integer && !is_float(type))
    return operand.bits;
  if (operand.kind == SourceOperand::Kind::Integer)
    fail("an integer where a floating-point number belongs");
  const bool single = operand.kind == SourceOperand::Kind::Single;
  if (single && bytes_of(type) == 4)
    return operand.bits;
  const double value =
      single ? std::bit_cast<float>(static_cast<std::uint32_t>(operand.bits)) : std::bit_cast<double>(operand.bits);
  if (type == Type::F64 || type == Type::B64)
    return std::bit_cast<std::uint64_t>(value);
  if (type == Type::F32)
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  fail("a floating-point number cannot stand here");
}

std::uint32_t Decoder::slot_of(const SourceOperand& operand, Type type, bool wider) {
  if (operand.kind == SourceOperand::Kind::Register) {
    const Type own = places_.register_type(operand.index);
    const unsigned bytes = register_bytes(own), wanted = register_bytes(type);
    if ((own == Type::Pred) != (type == Type::Pred) || (bytes != wanted && !(wider && bytes > wanted)))
      fail("a register's size does not fit the instruction's type");
    return places_.register_slot(operand.index);
  }
  if (operand.kind == SourceOperand::Kind::Integer || operand.kind == SourceOperand::Kind::Single ||
      operand.kind == SourceOperand::Kind::Double)
    return places_.constant(immediate(operand, type), register_bytes(type));
  if (operand.kind == SourceOperand::Kind::Special)
    return places_.special(operand.text, bytes_of(type), source_.line);
  if ((operand.kind == SourceOperand::Kind::Variable || operand.kind == SourceOperand::Kind::Name) &&
      bytes_of(type) >= 4)
    return places_.constant(places_.address(operand, source_.line) + static_cast<std::uint64_t>(operand.offset),
                            bytes_of(type));
  fail("an operand cannot stand here");
}

void Decoder::output(const SourceOperand& operand, Type type, bool wider) {
  if (operand.kind != SourceOperand::Kind::Sink && !is_register(operand))
    fail("the result must be a register");
  if (result.inputs != 0 || result.outputs == result.slots.size())
    fail("too many operands");
  result.slots[result.outputs++] =
      operand.kind == SourceOperand::Kind::Sink ? places_.sink() : slot_of(operand, type, wider);
}

void Decoder::input(const SourceOperand& operand, Type type, bool wider) {
  if (operand.negated)
    fail("an operand cannot be negated here");
  if (result.outputs + result.inputs == static_cast<int>(result.slots.size()))
    fail("too many operands");
  result.slots[result.outputs + result.inputs] = slot_of(operand, type, wider);
  ++result.inputs;
}

void Decoder::simple(Execute run, Type type, std::initializer_list<Type> inputs) {
  result.run = run;
  output(std::size_t{0}, type);
  std::size_t k = 1;
  for (const Type each : inputs)
    input(k++, each);
}

void Decoder::address(std::size_t k) {
  const SourceOperand& memory = operand(k);
  if (memory.kind != SourceOperand::Kind::Memory)
    fail("expected an address in brackets");
  const SourceOperand& base = memory.elements[0];
  result.offset = memory.offset;
  if (base.kind == SourceOperand::Kind::Variable || base.kind == SourceOperand::Kind::Name) {
    const Space space = places_.space_of(base, source_.line);
    if (result.space == Space::Param || result.space == space)
      result.space = space;
    else
      fail("the variable is in another state space");
  } else if (result.space == Space::Param && !places_.in_entry()) {
    result.space = Space::Local;
  }
  result.narrow_address = width(base, 8) == 4;
  input(base, result.narrow_address ? Type::U32 : Type::U64);
}

void Decoder::finish() const {
  if (!modifiers_.empty())
    fail("unknown modifier ." + std::string(modifiers_.front()));
  if (operands_taken_ != source_.operands.size())
    fail("too many operands");
}

Instruction decode(OperandPlaces& places, const SourceInstruction& source, unsigned target, unsigned version) {
  const auto found = every_opcode().find(source.opcode);
  if (found == every_opcode().end())
    throw PtxError(source.line, "unknown instruction " + std::string(source.opcode));
  Decoder decoder(places, source, target, version);
  found->second(decoder);
  decoder.finish();
  return decoder.result;
}

} // namespace sciexam::emulated
