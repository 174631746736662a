// Floating-point operations with PTX's modifiers: one scalar function serves f32, f64, f16 and f16x2.
#pragma once

#include "ptx_emulator/instructions/lane_wise.hpp"

#include <cfloat>
#include <cmath>

namespace sciexam::emulated {

/// f16x2
struct HalfPair {
  Half low;
  Half high;
};

inline bool is_nan(float value) {
  return value != value;
}
inline bool is_nan(double value) {
  return value != value;
}

template <class T>
T canonical_nan();
template <>
inline float canonical_nan() {
  return std::bit_cast<float>(0x7fffffffU);
}
template <>
inline double canonical_nan() {
  return std::bit_cast<double>(0x7fffffffffffffffU);
}

/// Subnormal numbers become zeros of their sign (.ftz).
inline float flushed(float value) {
  return std::fabs(value) < FLT_MIN ? std::copysign(0.0F, value) : value;
}
inline double flushed(double value) {
  return value;
}
inline Half flushed(Half value) {
  return {static_cast<std::uint16_t>((value.bits & 0x7c00) == 0 ? value.bits & 0x8000 : value.bits)};
}

/// [0, 1], and not-a-number becomes 0 (.sat).
template <class T>
T saturated(T value) {
  return value > 0 ? std::fmin(value, T{1}) : T{0};
}
template <>
inline Half saturated(Half value) {
  return to_half(saturated(to_float(value)));
}

/// The operation on one type: `Operation::on` takes floats or doubles; half precision is computed wider and rounded
/// once.
template <class Operation, class T>
struct On {
  template <class... Inputs>
  T operator()(Inputs... inputs) const {
    return Operation::on(inputs...);
  }
};
template <class Operation>
struct On<Operation, Half> {
  template <class... Inputs>
  Half operator()(Inputs... inputs) const {
    return to_half(Operation::on(static_cast<typename Operation::HalfIsComputedIn>(to_float(inputs))...));
  }
};

template <class Operation, class T, bool flush, bool saturate>
struct Modified {
  template <class... Inputs>
  T operator()(Inputs... inputs) const {
    const auto flush_one = [](T value) { return flush ? flushed(value) : value; };
    const T value = flush_one(On<Operation, T>{}(flush_one(inputs)...));
    return saturate ? saturated(value) : value;
  }
};
template <class Operation, bool flush, bool saturate>
struct Modified<Operation, HalfPair, flush, saturate> {
  template <class... Inputs>
  HalfPair operator()(Inputs... inputs) const {
    using One = Modified<Operation, Half, flush, saturate>;
    return {One{}(inputs.low...), One{}(inputs.high...)};
  }
};

template <std::size_t count, class Operation, class T>
Execute execute_of() {
  if constexpr (count == 1)
    return &lane_wise<Operation, T, T>;
  else if constexpr (count == 2)
    return &lane_wise<Operation, T, T, T>;
  else
    return &lane_wise<Operation, T, T, T, T>;
}

template <class Operation, class T, std::size_t count>
Execute with_modifiers(bool flush, bool saturate) {
  if (flush)
    return saturate ? execute_of<count, Modified<Operation, T, true, true>, T>()
                    : execute_of<count, Modified<Operation, T, true, false>, T>();
  return saturate ? execute_of<count, Modified<Operation, T, false, true>, T>()
                  : execute_of<count, Modified<Operation, T, false, false>, T>();
}

/// The rest of an instruction whose rounding was taken already: ".ftz.sat.TYPE", `count` inputs of that type.
template <class Operation, std::size_t count>
void decode_modified(Decoder& decoder, bool halves = true) {
  const bool flush = decoder.take("ftz"), saturate = decoder.take("sat");
  const Type type = decoder.take_type();
  if (!is_float(type) || (!halves && bytes_of(type) < 4) || (!halves && type == Type::F16x2))
    decoder.fail("the instruction has no form for this type");
  if (type == Type::F64 && (flush || saturate))
    decoder.fail(".f64 takes neither .ftz nor .sat");
  switch (type) {
  case Type::F32:
    decoder.result.run = with_modifiers<Operation, float, count>(flush, saturate);
    break;
  case Type::F64:
    decoder.result.run = with_modifiers<Operation, double, count>(false, false);
    break;
  case Type::F16:
    decoder.result.run = with_modifiers<Operation, Half, count>(flush, saturate);
    break;
  default:
    decoder.result.run = with_modifiers<Operation, HalfPair, count>(flush, saturate);
  }
  decoder.output(std::size_t{0}, type);
  for (std::size_t k = 1; k <= count; ++k)
    decoder.input(k, type);
}

} // namespace sciexam::emulated
