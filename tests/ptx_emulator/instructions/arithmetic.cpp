// Floating-point arithmetic in the four roundings. Compiled with -frounding-math: the CPU's rounding mode is switched.
#include "ptx_emulator/instructions/floats.hpp"
#include "ptx_emulator/machine/block.hpp"

#include <immintrin.h>

namespace sciexam::emulated {
namespace {

struct Sum {
  using HalfIsComputedIn = float; // 24 bits are at least 2 * 11 + 2: rounding twice equals rounding once
  template <class T>
  static T on(T a, T b) {
    return a + b;
  }
};
struct Difference {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    return a - b;
  }
};
struct Product {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    return a * b;
  }
};
struct Fused {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a, T b, T c) {
    return std::fma(a, b, c);
  }
};
struct Quotient {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    return a / b;
  }
};
struct Root {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a) {
    return std::sqrt(a);
  }
};
struct Reciprocal {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a) {
    return T{1} / a;
  }
};
struct Minimum {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    if (is_nan(a) || is_nan(b))
      return is_nan(a) && is_nan(b) ? canonical_nan<T>() : is_nan(a) ? b : a;
    return a < b || (a == b && std::signbit(a)) ? a : b;
  }
};
struct Maximum {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    if (is_nan(a) || is_nan(b))
      return is_nan(a) && is_nan(b) ? canonical_nan<T>() : is_nan(a) ? b : a;
    return a > b || (a == b && !std::signbit(a)) ? a : b;
  }
};
template <class Order>
struct NanWins {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    return is_nan(a) || is_nan(b) ? canonical_nan<T>() : Order::on(a, b);
  }
};
struct Negation {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a) {
    return -a;
  }
};
struct Magnitude {
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a) {
    return std::fabs(a);
  }
};
struct SignOf { // copysign takes the sign from its first operand
  using HalfIsComputedIn = float;
  template <class T>
  static T on(T a, T b) {
    return std::copysign(b, a);
  }
};

constexpr unsigned kRoundingBits = 0x6000; ///< of MXCSR

/// Runs an f32 or f64 operation in the CPU's rounding mode of the instruction's `variant`.
template <class Operation, class T, std::size_t count>
void rounded(Warp& warp, const Instruction& instruction) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr((before & ~kRoundingBits) | unsigned{instruction.variant} << 13);
  if constexpr (count == 1)
    lane_wise<On<Operation, T>, T, T>(warp, instruction);
  else if constexpr (count == 2)
    lane_wise<On<Operation, T>, T, T, T>(warp, instruction);
  else
    lane_wise<On<Operation, T>, T, T, T, T>(warp, instruction);
  _mm_setcsr(before);
}

/// MXCSR's number of the rounding that the instruction names: 0 to nearest (also where it names none), 1 down, 2 up,
/// 3 towards zero.
std::uint8_t take_rounding(Decoder& decoder) {
  const std::size_t named = decoder.take_any({"rn", "rm", "rp", "rz"});
  return static_cast<std::uint8_t>(named == 4 ? 0 : named);
}

template <class Operation, std::size_t count>
void decode_rounded(Decoder& decoder) {
  const std::uint8_t rounding = take_rounding(decoder);
  const Type type = decoder.peek_type();
  decode_modified<Operation, count>(decoder);
  if (rounding == 0)
    return;
  if (type != Type::F32 && type != Type::F64)
    decoder.fail("only .f32 and .f64 are rounded in other ways than to nearest");
  if (decoder.result.run != (type == Type::F32 ? with_modifiers<Operation, float, count>(false, false)
                                               : with_modifiers<Operation, double, count>(false, false)))
    decoder.fail(".ftz and .sat are not known together with this rounding");
  decoder.result.variant = rounding;
  decoder.result.run = type == Type::F32 ? &rounded<Operation, float, count> : &rounded<Operation, double, count>;
}

/// Operations whose .approx and .full forms are computed as exactly as .rn: within what the manual permits.
template <class Operation, std::size_t count>
void decode_approximated(Decoder& decoder) {
  if (decoder.take("approx") || decoder.take("full")) {
    if (decoder.peek_type() != Type::F32)
      decoder.fail("only .f32 is approximated");
    decode_modified<Operation, count>(decoder, false);
  } else {
    decode_rounded<Operation, count>(decoder);
  }
  decoder.result.kind = Kind::Sfu;
}

template <class Order>
void decode_order(Decoder& decoder) {
  if (bytes_of(decoder.peek_type()) == 2 || decoder.peek_type() == Type::F16x2)
    decoder.need(80, 70);
  if (!decoder.take("NaN"))
    return decode_modified<Order, 2>(decoder);
  decoder.need(80, 70);
  decode_modified<NanWins<Order>, 2>(decoder);
}

void decode_fma(Decoder& decoder) {
  decode_float_fma(decoder);
}
void decode_sqrt(Decoder& decoder) {
  decode_approximated<Root, 1>(decoder);
}
void decode_rcp(Decoder& decoder) {
  decode_approximated<Reciprocal, 1>(decoder);
}
void decode_copysign(Decoder& decoder) {
  decode_modified<SignOf, 2>(decoder, false);
}

constexpr Opcode kOpcodes[] = {
    {"fma", &decode_fma}, {"sqrt", &decode_sqrt}, {"rcp", &decode_rcp}, {"copysign", &decode_copysign}};

} // namespace

void decode_float_add(Decoder& decoder) {
  decode_rounded<Sum, 2>(decoder);
}
void decode_float_sub(Decoder& decoder) {
  decode_rounded<Difference, 2>(decoder);
}
void decode_float_mul(Decoder& decoder) {
  decode_rounded<Product, 2>(decoder);
}
void decode_float_fma(Decoder& decoder) {
  decode_rounded<Fused, 3>(decoder);
}
void decode_float_div(Decoder& decoder) {
  decode_approximated<Quotient, 2>(decoder);
}
void decode_float_min(Decoder& decoder) {
  decode_order<Minimum>(decoder);
}
void decode_float_max(Decoder& decoder) {
  decode_order<Maximum>(decoder);
}
void decode_float_neg(Decoder& decoder) {
  decode_modified<Negation, 1>(decoder);
}
void decode_float_abs(Decoder& decoder) {
  decode_modified<Magnitude, 1>(decoder);
}

std::span<const Opcode> arithmetic_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
