// setp, set, selp, slct.
#include "ptx_emulator/instructions/floats.hpp"

#include <array>
#include <cmath>

namespace sciexam::emulated {
namespace {

/// How two numbers lie: one of these bits holds.
enum Relation : std::uint8_t { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };

struct Comparison {
  std::string_view name;
  std::uint8_t holds; ///< bits of Relation
  bool integers, floats;
};
constexpr std::array<Comparison, 18> kComparisons = {{
    {"eq", kEqual, true, true},
    {"ne", kLess | kGreater, true, true},
    {"lt", kLess, true, true},
    {"le", kLess | kEqual, true, true},
    {"gt", kGreater, true, true},
    {"ge", kGreater | kEqual, true, true},
    {"lo", kLess, true, false},
    {"ls", kLess | kEqual, true, false},
    {"hi", kGreater, true, false},
    {"hs", kGreater | kEqual, true, false},
    {"equ", kEqual | kUnordered, false, true},
    {"neu", kLess | kGreater | kUnordered, false, true},
    {"ltu", kLess | kUnordered, false, true},
    {"leu", kLess | kEqual | kUnordered, false, true},
    {"gtu", kGreater | kUnordered, false, true},
    {"geu", kGreater | kEqual | kUnordered, false, true},
    {"num", kLess | kEqual | kGreater, false, true},
    {"nan", kUnordered, false, true},
}};

template <class T>
std::uint8_t relation(T a, T b) {
  if constexpr (std::is_same_v<T, Half>)
    return relation(to_float(a), to_float(b));
  else
    return a < b ? kLess : a == b ? kEqual : a > b ? kGreater : kUnordered;
}

/// Bits of `variant`: the relations that satisfy, and what combines the result with a third predicate.
constexpr std::uint8_t kFlush = 16;
enum Combination : std::uint8_t { kAlone, kAnd, kOr, kXor };
constexpr unsigned kCombinationShift = 5;

std::uint32_t combined(std::uint32_t lanes, std::uint32_t with, unsigned how) {
  return how == kAnd ? lanes & with : how == kOr ? lanes | with : how == kXor ? lanes ^ with : lanes;
}

/// The lanes whose inputs satisfy the instruction; of f16x2 those of the `upper` half.
template <class T>
std::uint32_t satisfied(Warp& warp, const Instruction& instruction, unsigned stride = 1, unsigned first = 0) {
  const T* a = warp.lanes<T>(instruction.in(0)) + first;
  const T* b = warp.lanes<T>(instruction.in(1)) + first;
  const unsigned holds = instruction.variant;
  if constexpr (!std::is_integral_v<T>)
    if ((instruction.variant & kFlush) != 0)
      return lanes_where(kAllLanes, [&](unsigned lane) {
        return (relation(flushed(a[lane * stride]), flushed(b[lane * stride])) & holds) != 0;
      });
  return lanes_where(kAllLanes,
                     [&](unsigned lane) { return (relation(a[lane * stride], b[lane * stride]) & holds) != 0; });
}

/// setp: p = comparison, q = its opposite, each combined with c. For f16x2 p and q are of the two halves.
template <class T>
void set_predicates(Warp& warp, const Instruction& instruction) {
  std::uint32_t p = 0, q = 0;
  if constexpr (std::is_same_v<T, HalfPair>) {
    p = satisfied<Half>(warp, instruction, 2, 0);
    q = satisfied<Half>(warp, instruction, 2, 1);
  } else {
    p = satisfied<T>(warp, instruction);
    q = ~p;
  }
  const unsigned how = instruction.variant >> kCombinationShift;
  const std::uint32_t with =
      how == kAlone ? 0 : warp.predicate(instruction.in(2)) ^ (instruction.target != 0 ? kAllLanes : 0);
  warp.set_predicate(instruction.out(0), combined(p, with, how));
  if (instruction.outputs == 2)
    warp.set_predicate(instruction.out(1), combined(q, with, how));
}

/// set: all ones or 1.0 where the comparison holds, else zero.
template <class T, class Result, Result yes>
void set_values(Warp& warp, const Instruction& instruction) {
  const std::uint32_t p = satisfied<T>(warp, instruction);
  Result* const result = warp.lanes<Result>(instruction.out());
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (warp.runs(lane))
      result[lane] = (p >> lane & 1) != 0 ? yes : Result{0};
}

template <class Use>
void with_comparable(Decoder& decoder, Type type, Use&& use) {
  switch (type) {
  case Type::F16:
    return use(Half{});
  case Type::F32:
    return use(float{});
  case Type::F64:
    return use(double{});
  default:
    with_integer(decoder, type, use);
  }
}

/// The comparison's name and .ftz.
void take_comparison(Decoder& decoder, Type type) {
  for (const Comparison& comparison : kComparisons)
    if (decoder.take(comparison.name)) {
      if (is_float(type) ? !comparison.floats : !comparison.integers)
        decoder.fail("the type cannot be compared like that");
      decoder.result.variant = comparison.holds;
      if (decoder.take("ftz"))
        decoder.result.variant |= kFlush;
      return;
    }
  decoder.fail("a comparison is missing");
}

void decode_setp(Decoder& decoder) {
  const Type type = decoder.peek_type();
  take_comparison(decoder, type);
  const std::size_t combination = decoder.take_any({"and", "or", "xor"});
  decoder.take_type();
  if (type == Type::F16x2)
    decoder.result.run = &set_predicates<HalfPair>;
  else
    with_comparable(decoder, type, [&]<class T>(T) { decoder.result.run = &set_predicates<T>; });
  const SourceOperand& target = decoder.operand(0);
  if (target.kind == SourceOperand::Kind::Pair)
    for (const SourceOperand& each : target.elements)
      decoder.output(each, Type::Pred);
  else
    decoder.output(target, Type::Pred);
  decoder.input(1, type);
  decoder.input(2, type);
  if (combination == 3)
    return;
  decoder.result.variant |= static_cast<std::uint8_t>((combination + 1) << kCombinationShift);
  SourceOperand with = decoder.operand(3);
  decoder.result.target = with.negated ? 1 : 0;
  with.negated = false;
  decoder.input(with, Type::Pred);
}

void decode_set(Decoder& decoder) {
  const Type result = decoder.take_type(), type = decoder.peek_type();
  take_comparison(decoder, type);
  decoder.take_type();
  if (bytes_of(result) != 4 || result == Type::F16x2)
    decoder.fail("set makes .u32, .s32 or .f32");
  with_comparable(decoder, type, [&]<class T>(T) {
    decoder.simple(result == Type::F32 ? &set_values<T, std::uint32_t, 0x3f800000>
                                       : &set_values<T, std::uint32_t, 0xffffffff>,
                   result, {type, type});
  });
}

template <class T>
void select(Warp& warp, const Instruction& instruction) {
  T* const result = warp.lanes<T>(instruction.out());
  const T* a = warp.lanes<T>(instruction.in(0));
  const T* b = warp.lanes<T>(instruction.in(1));
  const std::uint32_t choice = warp.predicate(instruction.in(2)), active = warp.active();
#pragma GCC ivdep
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const T value = (choice >> lane & 1) != 0 ? a[lane] : b[lane];
    result[lane] = (active >> lane & 1) != 0 ? value : result[lane];
  }
}

Execute select_of(Decoder& decoder, Type type) {
  switch (bytes_of(type)) {
  case 2:
    return &select<std::uint16_t>;
  case 4:
    return &select<std::uint32_t>;
  case 8:
    return &select<std::uint64_t>;
  default:
    decoder.fail("the type cannot be selected");
  }
}

void decode_selp(Decoder& decoder) {
  const Type type = decoder.take_type();
  decoder.simple(select_of(decoder, type), type, {type, type, Type::Pred});
}

/// d = c >= 0 ? a : b
template <class T, class Sign, bool flush>
struct SelectBySign {
  T operator()(T a, T b, Sign c) const {
    if constexpr (flush)
      c = flushed(c);
    return c >= 0 ? a : b;
  }
};

void decode_slct(Decoder& decoder) {
  const bool flush = decoder.take("ftz");
  const Type type = decoder.take_type(), sign = decoder.take_type();
  if ((sign != Type::S32 && sign != Type::F32) || bytes_of(type) < 2 || (flush && sign != Type::F32))
    decoder.fail("slct selects by .s32 or .f32");
  const auto decode = [&]<class T>(T) {
    decoder.simple(sign == Type::S32 ? &lane_wise<SelectBySign<T, std::int32_t, false>, T, T, T, std::int32_t>
                   : flush           ? &lane_wise<SelectBySign<T, float, true>, T, T, T, float>
                                     : &lane_wise<SelectBySign<T, float, false>, T, T, T, float>,
                   type, {type, type, sign});
  };
  if (bytes_of(type) == 2)
    decode(std::uint16_t{});
  else if (bytes_of(type) == 4)
    decode(std::uint32_t{});
  else
    decode(std::uint64_t{});
}

constexpr Opcode kOpcodes[] = {
    {"setp", &decode_setp}, {"set", &decode_set}, {"selp", &decode_selp}, {"slct", &decode_slct}};

} // namespace

std::span<const Opcode> compare_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
