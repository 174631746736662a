// mov, cvta, isspacep: what carries values from one register to another.
#include "ptx_emulator/instructions/lane_wise.hpp"
#include "ptx_emulator/program/program.hpp"

#include <cstring>

namespace sciexam::emulated {
namespace {

struct Same {
  template <class T>
  T operator()(T a) const {
    return a;
  }
};

void move_predicate(Warp& warp, const Instruction& instruction) {
  warp.set_predicate(instruction.out(), warp.predicate(instruction.in()));
}

/// Of `instruction.elements` registers of `bytes` each one, the first lowest.
void pack(Warp& warp, const Instruction& instruction) {
  const std::size_t bytes = instruction.bytes, whole = bytes * instruction.elements;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned k = 0; warp.runs(lane) && k < instruction.elements; ++k)
      std::memcpy(warp.lanes<std::byte>(instruction.out()) + lane * whole + k * bytes,
                  warp.lanes<std::byte>(instruction.in(k)) + lane * bytes, bytes);
}

void unpack(Warp& warp, const Instruction& instruction) {
  const std::size_t bytes = instruction.bytes, whole = bytes * instruction.elements;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    std::uint64_t value = 0; // the whole may be one of the parts' registers
    std::memcpy(&value, warp.lanes<std::byte>(instruction.in()) + lane * whole, whole);
    for (unsigned k = 0; k < instruction.elements; ++k, value >>= 8 * bytes % 64)
      std::memcpy(warp.lanes<std::byte>(instruction.out(k)) + lane * bytes, &value, bytes);
  }
}

Type part_of(Decoder& decoder, Type type, std::size_t parts) {
  const unsigned bytes = bytes_of(type) / static_cast<unsigned>(parts);
  if (bytes * parts != bytes_of(type) || bytes < 2 || parts < 2)
    decoder.fail("the vector does not fit the type");
  decoder.result.bytes = static_cast<std::uint8_t>(bytes);
  decoder.result.elements = static_cast<std::uint8_t>(parts);
  return bytes == 2 ? Type::B16 : Type::B32;
}

void decode_mov(Decoder& decoder) {
  const Type type = decoder.take_type();
  const SourceOperand &to = decoder.operand(0), &from = decoder.operand(1);
  decoder.result.copies = true;
  if (type == Type::Pred)
    return decoder.simple(&move_predicate, type, {type});
  if (from.kind == SourceOperand::Kind::Vector) {
    const Type part = part_of(decoder, type, from.elements.size());
    decoder.result.run = &pack;
    decoder.output(to, type);
    for (const SourceOperand& element : from.elements)
      decoder.input(element, part);
  } else if (to.kind == SourceOperand::Kind::Vector) {
    const Type part = part_of(decoder, type, to.elements.size());
    decoder.result.run = &unpack;
    for (const SourceOperand& element : to.elements)
      decoder.output(element, part);
    decoder.input(from, type);
  } else if (bytes_of(type) == 2) {
    decoder.simple(&lane_wise<Same, std::uint16_t, std::uint16_t>, type, {type});
  } else if (bytes_of(type) == 4) {
    decoder.simple(&lane_wise<Same, std::uint32_t, std::uint32_t>, type, {type});
  } else if (bytes_of(type) == 8) {
    decoder.simple(&lane_wise<Same, std::uint64_t, std::uint64_t>, type, {type});
  } else {
    decoder.fail("the type cannot be moved");
  }
}

std::uint64_t window_of(Space space) {
  return space == Space::Shared ? kSharedWindow : space == Space::Local ? kLocalWindow : 0;
}

/// Adds or subtracts the window of the instruction's space.
template <bool to_space>
struct Shifted {
  static void run(Warp& warp, const Instruction& instruction) {
    const std::uint64_t window = window_of(instruction.space);
    for (unsigned lane = 0; lane < kLanes; ++lane)
      if (warp.runs(lane)) {
        const std::uint64_t from = warp.lanes<std::uint64_t>(instruction.in())[lane];
        warp.lanes<std::uint64_t>(instruction.out())[lane] = to_space ? from - window : from + window;
      }
  }
};

/// Global and constant memory lie where generic addresses say, so that nothing is to be done for them.
void decode_cvta(Decoder& decoder) {
  const bool to_space = decoder.take("to");
  decoder.result.space = decoder.take_space();
  if (decoder.result.space == Space::Param || decoder.result.space == Space::Generic)
    decoder.fail("cvta needs .global, .shared, .local or .const");
  if (decoder.take_type() != Type::U64)
    decoder.fail("only 64-bit addresses are known");
  decoder.simple(to_space ? &Shifted<true>::run : &Shifted<false>::run, Type::U64, {Type::U64});
}

void is_in_space(Warp& warp, const Instruction& instruction) {
  const std::uint64_t* const addresses = warp.lanes<std::uint64_t>(instruction.in());
  warp.set_predicate(instruction.out(), lanes_where(kAllLanes, [&](unsigned lane) {
                       const std::uint64_t address = addresses[lane];
                       const Space space = address - kSharedWindow < kWindowBytes  ? Space::Shared
                                           : address - kLocalWindow < kWindowBytes ? Space::Local
                                                                                   : Space::Global;
                       return space == instruction.space;
                     }));
}

void decode_isspacep(Decoder& decoder) {
  decoder.result.space = decoder.take_space();
  decoder.simple(&is_in_space, Type::Pred, {Type::U64});
}

constexpr Opcode kOpcodes[] = {{"mov", &decode_mov}, {"cvta", &decode_cvta}, {"isspacep", &decode_isspacep}};

} // namespace

std::span<const Opcode> move_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
