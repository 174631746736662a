// Instructions on bits.
#include "ptx_emulator/instructions/lane_wise.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace sciexam::emulated {
namespace {

struct And {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct Or {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct Xor {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};
struct Not {
  template <class T>
  T operator()(T a) const {
    return static_cast<T>(~a);
  }
};
// Amounts beyond the width are clamped to it.
struct ShiftLeft {
  template <class T>
  T operator()(T a, std::uint32_t by) const {
    return by >= 8 * sizeof(T) ? T{0} : static_cast<T>(static_cast<std::uint64_t>(a) << by);
  }
};
struct ShiftRight {
  template <class T>
  T operator()(T a, std::uint32_t by) const {
    constexpr std::uint32_t kWidth = 8 * sizeof(T);
    if (by >= kWidth)
      return static_cast<T>(a < 0 ? -1 : 0);
    return static_cast<T>(a >> by);
  }
};
struct CountOnes {
  template <class T>
  std::uint32_t operator()(T a) const {
    return static_cast<std::uint32_t>(std::popcount(a));
  }
};
struct LeadingZeros {
  template <class T>
  std::uint32_t operator()(T a) const {
    return static_cast<std::uint32_t>(std::countl_zero(a));
  }
};
struct Reverse {
  template <class T>
  T operator()(T a) const {
    T reversed = 0;
    for (unsigned k = 0; k < 8 * sizeof(T); ++k)
      reversed = static_cast<T>(reversed << 1 | (a >> k & 1));
    return reversed;
  }
};
struct FindHighest { // of signed numbers the highest bit that differs from the sign
  template <class T>
  std::uint32_t operator()(T a) const {
    const auto bits = static_cast<std::make_unsigned_t<T>>(a < 0 ? ~a : a);
    return bits == 0 ? 0xffffffff : static_cast<std::uint32_t>(std::bit_width(bits)) - 1;
  }
};
struct ExtractField { // beyond the word's end, and beyond the field, there are signs
  template <class T>
  T operator()(T a, std::uint32_t position, std::uint32_t length) const {
    using U = std::make_unsigned_t<T>;
    constexpr std::uint32_t kWidth = 8 * sizeof(T);
    position &= 0xff;
    length &= 0xff;
    if (length == 0)
      return 0;
    const bool negative = std::is_signed_v<T> && (a >> std::min(position + length - 1, kWidth - 1) & 1) != 0;
    const std::uint32_t bits = position >= kWidth ? 0 : std::min(length, kWidth - position);
    const U mask = bits == kWidth ? static_cast<U>(~U{0}) : static_cast<U>((U{1} << bits) - 1);
    const U field = bits == 0 ? U{0} : static_cast<U>(static_cast<U>(a) >> position);
    return static_cast<T>((field & mask) | (negative ? static_cast<U>(~mask) : U{0}));
  }
};
struct InsertField {
  template <class T>
  T operator()(T field, T into, std::uint32_t position, std::uint32_t length) const {
    constexpr std::uint32_t kWidth = 8 * sizeof(T);
    position &= 0xff;
    length &= 0xff;
    if (position >= kWidth || length == 0)
      return into;
    const T ones = length >= kWidth ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << length) - 1);
    const T mask = static_cast<T>(ones << position);
    return static_cast<T>((into & ~mask) | (static_cast<T>(field << position) & mask));
  }
};
struct Permute {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t selector) const {
    const std::uint64_t bytes = std::uint64_t{b} << 32 | a;
    std::uint32_t result = 0;
    for (unsigned k = 0; k < 4; ++k) {
      const std::uint32_t choice = selector >> (4 * k) & 0xf;
      auto byte = static_cast<std::uint32_t>(bytes >> (8 * (choice & 7)) & 0xff);
      if ((choice & 8) != 0)
        byte = (byte & 0x80) != 0 ? 0xff : 0;
      result |= byte << (8 * k);
    }
    return result;
  }
};
/// prmt's modes: which byte of b:a goes where, for each value of the selector's low two bits.
enum PermuteMode { kForward4, kBackward4, kReplicate8, kClampLeft, kClampRight, kReplicate16 };
template <PermuteMode mode>
struct PermuteBy {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t selector) const {
    constexpr std::array<std::array<std::uint32_t, 4>, 6> kChoices = {{
        {0x3210, 0x4321, 0x5432, 0x6543},
        {0x5670, 0x6701, 0x7012, 0x0123},
        {0x0000, 0x1111, 0x2222, 0x3333},
        {0x3210, 0x3211, 0x3222, 0x3333},
        {0x0000, 0x1110, 0x2210, 0x3210},
        {0x1010, 0x3232, 0x1010, 0x3232},
    }};
    return Permute{}(a, b, kChoices[mode][selector & 3]);
  }
};
/// The truth table's bit 4a+2b+c is the result.
struct Logic3 {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t table) const {
    std::uint32_t result = 0;
    for (unsigned k = 0; k < 8; ++k)
      if ((table >> k & 1) != 0)
        result |= ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
    return result;
  }
};
template <bool left, bool wrap>
struct Funnel {
  std::uint32_t operator()(std::uint32_t low, std::uint32_t high, std::uint32_t by) const {
    const std::uint32_t amount = wrap ? by & 31 : std::min(by, 32U);
    const std::uint64_t both = std::uint64_t{high} << 32 | low;
    return left ? static_cast<std::uint32_t>((both << amount) >> 32) : static_cast<std::uint32_t>(both >> amount);
  }
};

/// and, or, xor, not: of predicates as well.
template <class Operation, std::size_t count>
void predicate_logic(Warp& warp, const Instruction& instruction) {
  const std::uint32_t a = warp.predicate(instruction.in(0));
  if constexpr (count == 1)
    warp.set_predicate(instruction.out(), ~a);
  else
    warp.set_predicate(instruction.out(), Operation{}(a, warp.predicate(instruction.in(1))));
}

template <class Operation, std::size_t count>
void decode_logic(Decoder& decoder) {
  const Type type = decoder.take_type();
  decoder.result.run = &predicate_logic<Operation, count>;
  if (type != Type::Pred)
    with_integer(decoder, type, [&]<class T>(T) {
      if constexpr (count == 1)
        decoder.result.run = &lane_wise<Operation, T, T>;
      else
        decoder.result.run = &lane_wise<Operation, T, T, T>;
    });
  decoder.output(std::size_t{0}, type);
  for (std::size_t k = 1; k <= count; ++k)
    decoder.input(k, type);
}

template <class Operation>
void decode_shift(Decoder& decoder) {
  const Type type = decoder.take_type();
  with_integer(decoder, type, [&]<class T>(T) {
    decoder.simple(&lane_wise<Operation, T, T, std::uint32_t>, type, {type, Type::U32});
  });
}

/// Operations on .b32 and .b64 words, or their integers, with a 32-bit result.
template <class Operation>
void decode_count(Decoder& decoder) {
  const Type type = decoder.take_type();
  if (bytes_of(type) < 4)
    decoder.fail("the instruction takes 32 or 64 bits");
  with_integer(decoder, type, [&]<class T>(T) {
    if constexpr (std::is_unsigned_v<T> || std::is_same_v<Operation, FindHighest>)
      decoder.simple(&lane_wise<Operation, std::uint32_t, T>, Type::U32, {type});
    else
      decoder.fail("the instruction takes .b32 or .b64");
  });
}

void decode_brev(Decoder& decoder) {
  const Type type = decoder.take_type();
  if (type == Type::B32)
    decoder.simple(&lane_wise<Reverse, std::uint32_t, std::uint32_t>, type, {type});
  else if (type == Type::B64)
    decoder.simple(&lane_wise<Reverse, std::uint64_t, std::uint64_t>, type, {type});
  else
    decoder.fail("brev takes .b32 or .b64");
}

void decode_bfe(Decoder& decoder) {
  const Type type = decoder.take_type();
  with_integer(decoder, type, [&]<class T>(T) {
    if (sizeof(T) < 4)
      decoder.fail("bfe takes 32 or 64 bits");
    decoder.simple(&lane_wise<ExtractField, T, T, std::uint32_t, std::uint32_t>, type, {type, Type::U32, Type::U32});
  });
}

void decode_bfi(Decoder& decoder) {
  const Type type = decoder.take_type();
  if (type != Type::B32 && type != Type::B64)
    decoder.fail("bfi takes .b32 or .b64");
  decoder.simple(
      type == Type::B32
          ? &lane_wise<InsertField, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>
          : &lane_wise<InsertField, std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t, std::uint32_t>,
      type, {type, type, Type::U32, Type::U32});
}

template <class Operation>
constexpr Execute kWords3 = &lane_wise<Operation, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

void decode_prmt(Decoder& decoder) {
  if (decoder.take_type() != Type::B32)
    decoder.fail("prmt takes .b32");
  constexpr std::array<Execute, 7> kModes = {kWords3<PermuteBy<kForward4>>,
                                             kWords3<PermuteBy<kBackward4>>,
                                             kWords3<PermuteBy<kReplicate8>>,
                                             kWords3<PermuteBy<kClampLeft>>,
                                             kWords3<PermuteBy<kClampRight>>,
                                             kWords3<PermuteBy<kReplicate16>>,
                                             kWords3<Permute>};
  const std::size_t mode = decoder.take_any({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  decoder.simple(kModes[mode], Type::B32, {Type::B32, Type::B32, Type::B32});
}

void decode_lop3(Decoder& decoder) {
  if (decoder.take_type() != Type::B32)
    decoder.fail("lop3 takes .b32");
  decoder.simple(&lane_wise<Logic3, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>,
                 Type::B32, {Type::B32, Type::B32, Type::B32, Type::B32});
}

void decode_shf(Decoder& decoder) {
  const std::size_t direction = decoder.take_any({"l", "r"}), mode = decoder.take_any({"clamp", "wrap"});
  if (decoder.take_type() != Type::B32 || direction == 2 || mode == 2)
    decoder.fail("shf needs .l or .r, .clamp or .wrap, and .b32");
  constexpr std::array<Execute, 4> kForms = {kWords3<Funnel<true, false>>, kWords3<Funnel<true, true>>,
                                             kWords3<Funnel<false, false>>, kWords3<Funnel<false, true>>};
  decoder.simple(kForms[2 * direction + mode], Type::B32, {Type::B32, Type::B32, Type::B32});
}

constexpr Opcode kOpcodes[] = {
    {"and", &decode_logic<And, 2>},
    {"or", &decode_logic<Or, 2>},
    {"xor", &decode_logic<Xor, 2>},
    {"not", &decode_logic<Not, 1>},
    {"shl", &decode_shift<ShiftLeft>},
    {"shr", &decode_shift<ShiftRight>},
    {"popc", &decode_count<CountOnes>},
    {"clz", &decode_count<LeadingZeros>},
    {"bfind", &decode_count<FindHighest>},
    {"brev", &decode_brev},
    {"bfe", &decode_bfe},
    {"bfi", &decode_bfi},
    {"prmt", &decode_prmt},
    {"lop3", &decode_lop3},
    {"shf", &decode_shf},
};

} // namespace

std::span<const Opcode> bit_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
