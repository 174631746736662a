// Instructions that do the same in each lane: a function of scalars becomes one of warps.
#pragma once

#include "ptx_emulator/instructions/half.hpp"
#include "ptx_emulator/machine/warp.hpp"
#include "ptx_emulator/program/decoder.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace sciexam::emulated {

/// Writes operation(inputs...) of type `Result` into the active lanes of the first output. A lane reads only itself, so
/// that the result's register may be one of the inputs.
template <class Operation, class Result, class... Inputs>
void lane_wise(Warp& warp, const Instruction& instruction) {
  const auto run = [&]<std::size_t... k>(std::index_sequence<k...>) {
    Result* const result = warp.lanes<Result>(instruction.out());
    const std::tuple<const Inputs*...> inputs{warp.lanes<Inputs>(instruction.in(k))...};
    const std::uint32_t active = warp.active();
    if (active == kAllLanes) {
#pragma GCC ivdep
      for (unsigned lane = 0; lane < kLanes; ++lane)
        result[lane] = Operation{}(std::get<k>(inputs)[lane]...);
    } else {
#pragma GCC ivdep
      for (unsigned lane = 0; lane < kLanes; ++lane)
        if ((active >> lane & 1) != 0)
          result[lane] = Operation{}(std::get<k>(inputs)[lane]...);
    }
  };
  run(std::index_sequence_for<Inputs...>());
}

/// The lanes of `mask` for which the predicate holds.
template <class Predicate>
std::uint32_t lanes_where(std::uint32_t mask, Predicate&& holds) {
  std::uint32_t lanes = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    lanes |= static_cast<std::uint32_t>((mask >> lane & 1) != 0 && holds(lane)) << lane;
  return lanes;
}

/// Calls `use` with a value of the C++ type that an integer type is computed in.
template <class Use>
void with_integer(Decoder& decoder, Type type, Use&& use) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return use(std::uint16_t{});
  case Type::S16:
    return use(std::int16_t{});
  case Type::U32:
  case Type::B32:
    return use(std::uint32_t{});
  case Type::S32:
    return use(std::int32_t{});
  case Type::U64:
  case Type::B64:
    return use(std::uint64_t{});
  case Type::S64:
    return use(std::int64_t{});
  default:
    decoder.fail("the type is no integer that this instruction takes");
  }
}

} // namespace sciexam::emulated
