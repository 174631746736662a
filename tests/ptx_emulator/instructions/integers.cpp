// Integer arithmetic. Everything wraps around; it is computed unsigned, where wrapping is defined.
#include "ptx_emulator/instructions/lane_wise.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace sciexam::emulated {
namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
struct Wider;
template <>
struct Wider<std::uint16_t> {
  using type = std::uint32_t;
};
template <>
struct Wider<std::int16_t> {
  using type = std::int32_t;
};
template <>
struct Wider<std::uint32_t> {
  using type = std::uint64_t;
};
template <>
struct Wider<std::int32_t> {
  using type = std::int64_t;
};
template <>
struct Wider<std::uint64_t> {
  using type = unsigned __int128;
};
template <>
struct Wider<std::int64_t> {
  using type = __int128;
};
template <class T>
using WiderOf = typename Wider<T>::type;

template <class T>
T add(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <class T>
WiderOf<T> product(T a, T b) {
  return static_cast<WiderOf<T>>(a) * static_cast<WiderOf<T>>(b);
}

template <class T>
struct Add {
  T operator()(T a, T b) const { return add(a, b); }
};
template <class T>
struct Subtract {
  T operator()(T a, T b) const { return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b)); }
};
struct SaturatingAdd {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return clamp(std::int64_t{a} + b); }
  static std::int32_t clamp(std::int64_t sum) {
    using Limits = std::numeric_limits<std::int32_t>;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(sum, Limits::min(), Limits::max()));
  }
};
struct SaturatingSubtract {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return SaturatingAdd::clamp(std::int64_t{a} - b); }
};
template <class T>
struct MultiplyLow {
  T operator()(T a, T b) const {
    return static_cast<T>(std::uint64_t{static_cast<Unsigned<T>>(a)} * std::uint64_t{static_cast<Unsigned<T>>(b)});
  }
};
template <class T>
struct MultiplyHigh {
  T operator()(T a, T b) const { return static_cast<T>(product(a, b) >> (8 * sizeof(T))); }
};
template <class T>
struct MultiplyWide {
  WiderOf<T> operator()(T a, T b) const { return product(a, b); }
};
template <class T, template <class> class Multiply>
struct MultiplyAdd {
  using Sum = decltype(Multiply<T>{}(T{}, T{}));
  Sum operator()(T a, T b, Sum c) const { return add<Sum>(Multiply<T>{}(a, b), c); }
};
template <class T>
struct Divide { // by zero: all ones, as devices do; the manual leaves it open
  T operator()(T a, T b) const {
    if (b == 0)
      return static_cast<T>(~T{0});
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? Subtract<T>{}(0, a) : static_cast<T>(a / b);
  }
};
template <class T>
struct Remainder {
  T operator()(T a, T b) const {
    if (b == 0)
      return a;
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? T{0} : static_cast<T>(a % b);
  }
};
template <class T>
struct Minimum {
  T operator()(T a, T b) const { return std::min(a, b); }
};
template <class T>
struct Maximum {
  T operator()(T a, T b) const { return std::max(a, b); }
};
template <class T>
struct Negate {
  T operator()(T a) const { return Subtract<T>{}(0, a); }
};
template <class T>
struct Absolute {
  T operator()(T a) const { return a < 0 ? Subtract<T>{}(0, a) : a; }
};
template <class T>
struct AbsoluteDifferenceAdd {
  T operator()(T a, T b, T c) const { return add(c, a < b ? Subtract<T>{}(b, a) : Subtract<T>{}(a, b)); }
};

/// An instruction with as many inputs as it likes, all of its type.
template <template <class> class Operation, class... Inputs>
void decode_plain(Decoder& decoder, Type type) {
  with_integer(decoder, type, [&]<class T>(T) {
    if constexpr (sizeof...(Inputs) == 1)
      decoder.simple(&lane_wise<Operation<T>, T, T>, type, {type});
    else if constexpr (sizeof...(Inputs) == 2)
      decoder.simple(&lane_wise<Operation<T>, T, T, T>, type, {type, type});
    else
      decoder.simple(&lane_wise<Operation<T>, T, T, T, T>, type, {type, type, type});
  });
}
struct X;
template <template <class> class Operation>
void unary(Decoder& d, Type type) {
  decode_plain<Operation, X>(d, type);
}
template <template <class> class Operation>
void binary(Decoder& d, Type type) {
  decode_plain<Operation, X, X>(d, type);
}

Type twice(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  default:
    return Type::S64;
  }
}

void decode_multiply(Decoder& decoder, Type type, bool adds) {
  const std::size_t part = decoder.take_any({"lo", "hi", "wide"});
  if (part == 3)
    decoder.fail("needs .lo, .hi or .wide");
  if (part == 2 && bytes_of(type) == 8)
    decoder.fail(".wide has no 64-bit form");
  const Type result = part == 2 ? twice(type) : type;
  with_integer(decoder, type, [&]<class T>(T) {
    if (adds) {
      Execute run = part == 0 ? &lane_wise<MultiplyAdd<T, MultiplyLow>, T, T, T, T>
                              : &lane_wise<MultiplyAdd<T, MultiplyHigh>, T, T, T, T>;
      if constexpr (sizeof(T) < 8)
        if (part == 2)
          run = &lane_wise<MultiplyAdd<T, MultiplyWide>, WiderOf<T>, T, T, WiderOf<T>>;
      return decoder.simple(run, result, {type, type, result});
    }
    Execute run = part == 0 ? &lane_wise<MultiplyLow<T>, T, T, T> : &lane_wise<MultiplyHigh<T>, T, T, T>;
    if constexpr (sizeof(T) < 8)
      if (part == 2)
        run = &lane_wise<MultiplyWide<T>, WiderOf<T>, T, T>;
    decoder.simple(run, result, {type, type});
  });
}

template <class Saturating, template <class> class Operation>
void decode_sum(Decoder& decoder, Type type) {
  if (!decoder.take("sat"))
    return binary<Operation>(decoder, type);
  if (type != Type::S32)
    decoder.fail(".sat is for .s32");
  decoder.simple(&lane_wise<Saturating, std::int32_t, std::int32_t, std::int32_t>, type, {type, type});
}

/// Opcodes that integers and floating-point numbers share.
template <Decode decode_float, void (*decode_integer)(Decoder&, Type)>
void decode_either(Decoder& decoder) {
  const Type type = decoder.peek_type();
  if (is_float(type))
    return decode_float(decoder);
  decode_integer(decoder, decoder.take_type());
}

void decode_product(Decoder& decoder, Type type) {
  decode_multiply(decoder, type, false);
}
void decode_product_sum(Decoder& decoder, Type type) {
  decode_multiply(decoder, type, true);
}
void decode_sad(Decoder& decoder) {
  decode_plain<AbsoluteDifferenceAdd, X, X, X>(decoder, decoder.take_type());
}
void decode_remainder(Decoder& decoder) {
  binary<Remainder>(decoder, decoder.take_type());
}

constexpr Opcode kOpcodes[] = {
    {"add", &decode_either<&decode_float_add, &decode_sum<SaturatingAdd, Add>>},
    {"sub", &decode_either<&decode_float_sub, &decode_sum<SaturatingSubtract, Subtract>>},
    {"mul", &decode_either<&decode_float_mul, &decode_product>},
    {"mad", &decode_either<&decode_float_fma, &decode_product_sum>},
    {"div", &decode_either<&decode_float_div, &binary<Divide>>},
    {"min", &decode_either<&decode_float_min, &binary<Minimum>>},
    {"max", &decode_either<&decode_float_max, &binary<Maximum>>},
    {"neg", &decode_either<&decode_float_neg, &unary<Negate>>},
    {"abs", &decode_either<&decode_float_abs, &unary<Absolute>>},
    {"rem", &decode_remainder},
    {"sad", &decode_sad},
};

} // namespace

std::span<const Opcode> integer_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
