// Values that go from lane to lane: shfl, vote, activemask, match, redux.
#include "ptx_emulator/instructions/lane_wise.hpp"
#include "ptx_emulator/machine/block.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace sciexam::emulated {
namespace {

/// The lanes that the instruction's last input says take part: they must be just those that execute it.
std::uint32_t members(Warp& warp, const Instruction& instruction) {
  const std::uint32_t* const masks = warp.lanes<std::uint32_t>(instruction.in(instruction.inputs - 1U));
  const std::uint32_t mask = masks[std::countr_zero(warp.active())];
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (warp.runs(lane) && masks[lane] != mask)
      throw Finding(cuda::kLaunchFailed, "the threads disagree about who takes part", lane);
    if (warp.runs(lane) && (mask >> lane & 1) == 0)
      throw Finding(cuda::kLaunchFailed, "a thread executes this that its mask does not name", lane);
  }
  if (const std::uint32_t missing = mask & warp.live() & ~warp.active(); missing != 0)
    throw Finding(cuda::kLaunchFailed, "a thread that the mask names does not execute this", std::countr_zero(missing));
  return mask;
}

enum Shuffle : std::uint8_t { kUp, kDown, kButterfly, kIndex };

/// The lane to read from, or -1: its own.
int source_lane(unsigned shuffle, unsigned lane, std::uint32_t b, std::uint32_t c) {
  const unsigned segment = c >> 8 & 31, clamp = c & 31;
  const int most = static_cast<int>((lane & segment) | (clamp & ~segment));
  const int own = static_cast<int>(lane), by = static_cast<int>(b & 31);
  switch (shuffle) {
  case kUp:
    return own - by >= most ? own - by : -1;
  case kDown:
    return own + by <= most ? own + by : -1;
  case kButterfly:
    return (own ^ by) <= most ? own ^ by : -1;
  default: {
    const int from = static_cast<int>((lane & segment) | (static_cast<unsigned>(by) & ~segment));
    return from <= most ? from : -1;
  }
  }
}

void shuffle(Warp& warp, const Instruction& instruction) {
  members(warp, instruction);
  const unsigned outputs = instruction.outputs;
  std::array<std::uint32_t, kLanes> values;
  std::copy_n(warp.lanes<std::uint32_t>(instruction.in(0)), kLanes, values.begin());
  const std::uint32_t* const b = warp.lanes<std::uint32_t>(instruction.in(1));
  const std::uint32_t* const c = warp.lanes<std::uint32_t>(instruction.in(2));
  std::array<std::uint32_t, kLanes> results = values;
  std::uint32_t in_range = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    const int from = source_lane(instruction.variant, lane, b[lane], c[lane]);
    if (from < 0)
      continue;
    if (!warp.runs(static_cast<unsigned>(from)))
      throw Finding(cuda::kLaunchFailed, "shfl reads from lane " + std::to_string(from) + ", which does not execute it",
                    lane);
    results[lane] = values[static_cast<unsigned>(from)];
    in_range |= 1U << lane;
  }
  std::uint32_t* const out = warp.lanes<std::uint32_t>(instruction.out(0));
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (warp.runs(lane))
      out[lane] = results[lane];
  if (outputs == 2)
    warp.set_predicate(instruction.out(1), in_range);
}

void decode_shfl(Decoder& decoder) {
  if (!decoder.take("sync"))
    decoder.fail("shfl without .sync is gone since sm_70");
  decoder.result.variant = static_cast<std::uint8_t>(decoder.take_any({"up", "down", "bfly", "idx"}));
  if (decoder.result.variant == 4 || decoder.take_type() != Type::B32)
    decoder.fail("shfl needs .up, .down, .bfly or .idx, and .b32");
  decoder.result.run = &shuffle;
  decoder.result.kind = Kind::Exchange;
  const SourceOperand& target = decoder.operand(0);
  if (target.kind == SourceOperand::Kind::Pair) {
    decoder.output(target.elements[0], Type::B32);
    decoder.output(target.elements[1], Type::Pred);
  } else {
    decoder.output(target, Type::B32);
  }
  for (std::size_t k = 1; k <= 4; ++k)
    decoder.input(k, Type::B32);
}

void fill(Warp& warp, const Instruction& instruction, std::uint32_t value) {
  std::uint32_t* const out = warp.lanes<std::uint32_t>(instruction.out());
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (warp.runs(lane))
      out[lane] = value;
}

enum Vote : std::uint8_t { kAll, kAny, kUniform, kBallot };

void vote(Warp& warp, const Instruction& instruction) {
  members(warp, instruction);
  const std::uint32_t active = warp.active();
  const std::uint32_t yes = (warp.predicate(instruction.in(0)) ^ (instruction.target != 0 ? kAllLanes : 0)) & active;
  if (instruction.variant == kBallot)
    return fill(warp, instruction, yes);
  const bool result = instruction.variant == kAll   ? yes == active
                      : instruction.variant == kAny ? yes != 0
                                                    : yes == 0 || yes == active;
  warp.set_predicate(instruction.out(), result ? kAllLanes : 0);
}

void decode_vote(Decoder& decoder) {
  if (!decoder.take("sync"))
    decoder.fail("vote without .sync is gone since sm_70");
  decoder.result.variant = static_cast<std::uint8_t>(decoder.take_any({"all", "any", "uni", "ballot"}));
  const Type type = decoder.take_type();
  if (decoder.result.variant == 4 || type != (decoder.result.variant == kBallot ? Type::B32 : Type::Pred))
    decoder.fail("vote needs .all.pred, .any.pred, .uni.pred or .ballot.b32");
  decoder.result.run = &vote;
  decoder.result.kind = Kind::Exchange;
  decoder.output(std::size_t{0}, type);
  SourceOperand choice = decoder.operand(1);
  decoder.result.target = choice.negated ? 1 : 0;
  choice.negated = false;
  decoder.input(choice, Type::Pred);
  decoder.input(2, Type::B32);
}

void active_mask(Warp& warp, const Instruction& instruction) {
  fill(warp, instruction, warp.active());
}

void decode_activemask(Decoder& decoder) {
  decoder.take_type();
  decoder.result.kind = Kind::Exchange;
  decoder.simple(&active_mask, Type::B32, {});
}

/// match.any: the lanes that have the same value.
template <class T>
void match_any(Warp& warp, const Instruction& instruction) {
  members(warp, instruction);
  std::array<T, kLanes> values;
  std::copy_n(warp.lanes<T>(instruction.in(0)), kLanes, values.begin());
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (warp.runs(lane))
      warp.lanes<std::uint32_t>(instruction.out())[lane] =
          lanes_where(warp.active(), [&](unsigned other) { return values[other] == values[lane]; });
}

void decode_match(Decoder& decoder) {
  if (!decoder.take("any") || !decoder.take("sync"))
    decoder.fail("of match only match.any.sync is known");
  const Type type = decoder.take_type();
  decoder.result.kind = Kind::Exchange;
  decoder.simple(bytes_of(type) == 4 ? &match_any<std::uint32_t> : &match_any<std::uint64_t>, Type::B32,
                 {type, Type::B32});
}

struct Adding {
  template <class T>
  static T on(T a, T b) {
    return a + b;
  }
};
struct Smaller {
  template <class T>
  static T on(T a, T b) {
    return std::min(a, b);
  }
};
struct Larger {
  template <class T>
  static T on(T a, T b) {
    return std::max(a, b);
  }
};

template <class Operation, class T>
void reduce(Warp& warp, const Instruction& instruction) {
  members(warp, instruction);
  const T* const values = warp.lanes<T>(instruction.in(0));
  T result = values[std::countr_zero(warp.active())];
  for (unsigned lane = static_cast<unsigned>(std::countr_zero(warp.active())) + 1; lane < kLanes; ++lane)
    if (warp.runs(lane))
      result = Operation::on(result, values[lane]);
  fill(warp, instruction, static_cast<std::uint32_t>(result));
}

void decode_redux(Decoder& decoder) {
  decoder.need(80, 70);
  const std::size_t operation = decoder.take_any({"add", "min", "max"});
  const Type type = decoder.take_type();
  if (!decoder.take("sync") || operation == 3 || (type != Type::U32 && type != Type::S32))
    decoder.fail("of redux only .sync.add, .min and .max of .u32 and .s32 are known");
  const bool sign = type == Type::S32;
  decoder.result.kind = Kind::Exchange;
  decoder.simple(operation == 0   ? &reduce<Adding, std::uint32_t>
                 : operation == 1 ? (sign ? &reduce<Smaller, std::int32_t> : &reduce<Smaller, std::uint32_t>)
                                  : (sign ? &reduce<Larger, std::int32_t> : &reduce<Larger, std::uint32_t>),
                 type, {type, Type::B32});
}

constexpr Opcode kOpcodes[] = {{"shfl", &decode_shfl},
                               {"vote", &decode_vote},
                               {"activemask", &decode_activemask},
                               {"match", &decode_match},
                               {"redux", &decode_redux}};

} // namespace

std::span<const Opcode> exchange_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
