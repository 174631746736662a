// ld and st.
#include "ptx_emulator/machine/block.hpp"
#include "ptx_emulator/machine/memory_access.hpp"
#include "ptx_emulator/program/decoder.hpp"

#include <cstring>
#include <type_traits>

namespace sciexam::emulated {
namespace {

/// Integers that are narrower than the register are widened by their sign or zeros.
template <class Memory, class Register>
void load(Warp& warp, const Instruction& instruction) {
  const unsigned bytes = sizeof(Memory) * instruction.elements;
  const Reached reached = reach(warp, instruction, bytes, Use::Read);
  for (unsigned k = 0; k < instruction.elements; ++k) {
    Register* const result = warp.lanes<Register>(instruction.out(k));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!warp.runs(lane))
        continue;
      Memory value;
      std::memcpy(&value, reached.places[lane] + k * sizeof(Memory), sizeof(Memory));
      result[lane] = static_cast<Register>(value);
    }
  }
}

template <class Register>
void store(Warp& warp, const Instruction& instruction) {
  const unsigned bytes = unsigned{instruction.bytes} * instruction.elements;
  const Reached reached = reach(warp, instruction, bytes, Use::Write);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    std::array<std::byte, 32> value;
    for (unsigned k = 0; k < instruction.elements; ++k)
      std::memcpy(value.data() + k * instruction.bytes, warp.lanes<Register>(instruction.in(1 + k)) + lane,
                  instruction.bytes);
    write(warp, reached, lane, value.data(), bytes, Use::Write);
  }
}

template <class Memory>
Execute load_into(unsigned register_bytes) {
  if constexpr (sizeof(Memory) <= 2)
    if (register_bytes == 2)
      return &load<Memory, std::uint16_t>;
  if constexpr (sizeof(Memory) <= 4)
    if (register_bytes == 4)
      return &load<Memory, std::uint32_t>;
  return &load<Memory, std::uint64_t>;
}

Execute load_of(Type type, unsigned register_bytes) {
  switch (type) {
  case Type::S8:
    return load_into<std::int8_t>(register_bytes);
  case Type::S16:
    return load_into<std::int16_t>(register_bytes);
  case Type::S32:
    return load_into<std::int32_t>(register_bytes);
  default:
    break;
  }
  switch (bytes_of(type)) {
  case 1:
    return load_into<std::uint8_t>(register_bytes);
  case 2:
    return load_into<std::uint16_t>(register_bytes);
  case 4:
    return load_into<std::uint32_t>(register_bytes);
  default:
    return load_into<std::uint64_t>(register_bytes);
  }
}

Kind kind_of(Space space) {
  switch (space) {
  case Space::Shared:
    return Kind::Shared;
  case Space::Local:
    return Kind::Local;
  case Space::Param:
  case Space::Const:
    return Kind::Alu;
  default:
    return Kind::Global;
  }
}

/// Caching and ordering make no difference where all accesses happen in program order.
void take_memory_modifiers(Decoder& decoder) {
  decoder.take_any({"weak", "volatile", "relaxed", "acquire", "release"});
  decoder.take_any({"cta", "gpu", "sys"});
  decoder.take_any({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  decoder.take("nc");
  decoder.take_any({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  decoder.take_any({"L2::64B", "L2::128B", "L2::256B"});
}

/// The elements of {a, b}, or the operand itself; ".v2" and ".v4" must say the same.
std::vector<SourceOperand> take_vector(Decoder& decoder, std::size_t k) {
  const std::size_t said = decoder.take_any({"v2", "v4"});
  const SourceOperand& operand = decoder.operand(k);
  std::vector<SourceOperand> elements =
      operand.kind == SourceOperand::Kind::Vector ? operand.elements : std::vector<SourceOperand>{operand};
  if (elements.size() != (said == 0 ? 2U : said == 1 ? 4U : 1U))
    decoder.fail("the vector has another length than the instruction says");
  decoder.result.elements = static_cast<std::uint8_t>(elements.size());
  return elements;
}

void decode_access(Decoder& decoder, std::size_t address, std::size_t value) {
  take_memory_modifiers(decoder);
  decoder.result.space = decoder.take_space();
  const std::vector<SourceOperand> elements = take_vector(decoder, value);
  const Type type = decoder.take_type();
  if (bytes_of(type) == 0 || bytes_of(type) * elements.size() > 16)
    decoder.fail("no such access to memory");
  decoder.result.bytes = static_cast<std::uint8_t>(bytes_of(type));
  unsigned register_bytes = 0;
  for (const SourceOperand& element : elements) {
    const unsigned own =
        decoder.width(element, element.kind == SourceOperand::Kind::Sink ? 0 : std::max(2U, bytes_of(type)));
    if (own != 0 && register_bytes != 0 && own != register_bytes)
      decoder.fail("the vector's registers differ in size");
    register_bytes = std::max(register_bytes, own);
  }
  const bool loads = value < address;
  if (loads)
    for (const SourceOperand& element : elements)
      decoder.output(element, type, true);
  decoder.address(address);
  if (!loads)
    for (const SourceOperand& element : elements)
      decoder.input(element, type, true);
  decoder.result.run = loads                 ? load_of(type, register_bytes)
                       : register_bytes == 2 ? &store<std::uint16_t>
                       : register_bytes == 4 ? &store<std::uint32_t>
                                             : &store<std::uint64_t>;
  decoder.result.kind = kind_of(decoder.result.space);
  if (decoder.result.space == Space::Shared || decoder.result.space == Space::Generic)
    decoder.places().shared_access(bytes_of(type) * static_cast<unsigned>(elements.size()));
}

void decode_ld(Decoder& decoder) {
  decode_access(decoder, 1, 0);
}

void decode_st(Decoder& decoder) {
  decode_access(decoder, 0, 1);
  if (decoder.result.space == Space::Const || decoder.result.space == Space::Param)
    decoder.fail("nothing can be stored there");
}

constexpr Opcode kOpcodes[] = {{"ld", &decode_ld}, {"ldu", &decode_ld}, {"st", &decode_st}};

} // namespace

std::span<const Opcode> memory_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
