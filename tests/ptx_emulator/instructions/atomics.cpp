// atom and red: lane after lane, and one block at a time where the memory is the device's.
#include "ptx_emulator/instructions/floats.hpp"
#include "ptx_emulator/machine/block.hpp"
#include "ptx_emulator/machine/memory_access.hpp"

#include <algorithm>
#include <cstring>

namespace sciexam::emulated {
namespace {

struct AtomicAdd {
  template <class T>
  static T on(T old, T b, T) {
    return static_cast<T>(old + b);
  }
};
struct AtomicMin {
  template <class T>
  static T on(T old, T b, T) {
    return std::min(old, b);
  }
};
struct AtomicMax {
  template <class T>
  static T on(T old, T b, T) {
    return std::max(old, b);
  }
};
struct AtomicAnd {
  template <class T>
  static T on(T old, T b, T) {
    return old & b;
  }
};
struct AtomicOr {
  template <class T>
  static T on(T old, T b, T) {
    return old | b;
  }
};
struct AtomicXor {
  template <class T>
  static T on(T old, T b, T) {
    return old ^ b;
  }
};
struct Exchange {
  template <class T>
  static T on(T, T b, T) {
    return b;
  }
};
struct CompareAndSwap {
  template <class T>
  static T on(T old, T b, T c) {
    return old == b ? c : old;
  }
};
struct Increment {
  template <class T>
  static T on(T old, T b, T) {
    return old >= b ? T{0} : old + 1;
  }
};
struct Decrement {
  template <class T>
  static T on(T old, T b, T) {
    return old == 0 || old > b ? b : old - 1;
  }
};
/// add.f16 and add.f16x2
template <class T>
struct HalfAdd {
  struct Sum {
    using HalfIsComputedIn = float;
    template <class F>
    static F on(F a, F b) {
      return a + b;
    }
  };
  static T on(T old, T b, T) { return Modified<Sum, T, false, false>{}(old, b); }
};

/// The values follow the address; red has no output.
template <class Operation, class T>
void atomic(Warp& warp, const Instruction& instruction) {
  const std::lock_guard lock(warp.block().atomics());
  const Reached reached = reach(warp, instruction, sizeof(T), Use::Atomic);
  const T* const b = warp.lanes<T>(instruction.in(1));
  const T* const c = warp.lanes<T>(instruction.in(instruction.inputs - 1U));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    T old;
    std::memcpy(&old, reached.places[lane], sizeof(T));
    const T value = Operation::on(old, b[lane], c[lane]);
    write(warp, reached, lane, reinterpret_cast<const std::byte*>(&value), sizeof(T), Use::Atomic);
    if (instruction.outputs != 0)
      warp.lanes<T>(instruction.out())[lane] = old;
  }
}

template <class Operation>
Execute integer_form(Decoder& decoder, Type type, bool signs_matter) {
  switch (type) {
  case Type::S32:
    return signs_matter ? &atomic<Operation, std::int32_t> : &atomic<Operation, std::uint32_t>;
  case Type::S64:
    return signs_matter ? &atomic<Operation, std::int64_t> : &atomic<Operation, std::uint64_t>;
  case Type::U32:
  case Type::B32:
    return &atomic<Operation, std::uint32_t>;
  case Type::U64:
  case Type::B64:
    return &atomic<Operation, std::uint64_t>;
  default:
    decoder.fail("the type has no such atomic");
  }
}

Execute adding(Decoder& decoder, Type type) {
  switch (type) {
  case Type::F32:
    return &atomic<AtomicAdd, float>;
  case Type::F64:
    return &atomic<AtomicAdd, double>;
  case Type::F16:
    return decoder.take("noftz") ? &atomic<HalfAdd<Half>, Half> : nullptr;
  case Type::F16x2:
    return decoder.take("noftz") ? &atomic<HalfAdd<HalfPair>, HalfPair> : nullptr;
  default:
    return integer_form<AtomicAdd>(decoder, type, false);
  }
}

Execute execute_of(Decoder& decoder, std::size_t operation, Type type) {
  switch (operation) {
  case 0:
    return adding(decoder, type);
  case 1:
    return integer_form<AtomicMin>(decoder, type, true);
  case 2:
    return integer_form<AtomicMax>(decoder, type, true);
  case 3:
    return integer_form<AtomicAnd>(decoder, type, false);
  case 4:
    return integer_form<AtomicOr>(decoder, type, false);
  case 5:
    return integer_form<AtomicXor>(decoder, type, false);
  case 6:
    return integer_form<Exchange>(decoder, type, false);
  case 7:
    return integer_form<CompareAndSwap>(decoder, type, false);
  case 8:
    return type == Type::U32 ? &atomic<Increment, std::uint32_t> : nullptr;
  case 9:
    return type == Type::U32 ? &atomic<Decrement, std::uint32_t> : nullptr;
  default:
    return nullptr;
  }
}

void decode_atomic(Decoder& decoder, bool returns) {
  decoder.take_any({"relaxed", "acquire", "release", "acq_rel"});
  decoder.take_any({"cta", "gpu", "sys"});
  decoder.result.space = decoder.take_space();
  const std::size_t operation =
      decoder.take_any({"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"});
  const Type type = decoder.take_type();
  decoder.result.run = execute_of(decoder, operation, type);
  if (decoder.result.run == nullptr)
    decoder.fail("unknown atomic operation");
  std::size_t k = 0;
  if (returns)
    decoder.output(k++, type);
  decoder.address(k++);
  decoder.input(k++, type);
  if (operation == 7)
    decoder.input(k++, type);
  decoder.result.kind = decoder.result.space == Space::Shared ? Kind::Shared : Kind::Global;
  if (decoder.result.space != Space::Global)
    decoder.places().shared_access(bytes_of(type));
}

void decode_atom(Decoder& decoder) {
  decode_atomic(decoder, true);
}
void decode_red(Decoder& decoder) {
  decode_atomic(decoder, false);
}

constexpr Opcode kOpcodes[] = {{"atom", &decode_atom}, {"red", &decode_red}};

} // namespace

std::span<const Opcode> atomic_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
