// cvt: between all types, in all roundings.
#include "ptx_emulator/instructions/floats.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace sciexam::emulated {
namespace {

enum Rounding : std::uint8_t { kNearest, kZero, kDown, kUp };
constexpr std::uint8_t kFlush = 4, kSaturate = 8, kToInteger = 16;

double to_integral(double value, unsigned rounding) {
  switch (rounding) {
  case kZero:
    return std::trunc(value);
  case kDown:
    return std::floor(value);
  case kUp:
    return std::ceil(value);
  default:
    return std::nearbyint(value);
  }
}

/// Out of range is clamped, not-a-number is 0.
template <class To>
To float_to_integer(double value, unsigned rounding) {
  const double whole = to_integral(value, rounding);
  if (whole != whole)
    return 0;
  const double above = std::ldexp(1.0, std::numeric_limits<To>::digits);
  if (whole >= above)
    return std::numeric_limits<To>::max();
  if (whole < static_cast<double>(std::numeric_limits<To>::min()))
    return std::numeric_limits<To>::min();
  return static_cast<To>(whole);
}

/// Rounds an exact value to the nearest float in a direction. `exact` may hold 64-bit integers, which doubles cannot.
float round_to_float(long double exact, unsigned rounding) {
  const auto nearest = static_cast<float>(exact);
  const bool too_large = nearest > exact, too_small = nearest < exact;
  if (rounding == kNearest || (!too_large && !too_small))
    return nearest;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (too_large && (rounding == kDown || (rounding == kZero && exact > 0)))
    return std::nextafter(nearest, -kInfinity);
  if (too_small && (rounding == kUp || (rounding == kZero && exact < 0)))
    return std::nextafter(nearest, kInfinity);
  return nearest;
}

double round_to_double(long double exact, unsigned rounding) {
  const auto nearest = static_cast<double>(exact);
  const bool too_large = nearest > exact, too_small = nearest < exact;
  if (rounding == kNearest || (!too_large && !too_small))
    return nearest;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (too_large && (rounding == kDown || (rounding == kZero && exact > 0)))
    return std::nextafter(nearest, -kInfinity);
  if (too_small && (rounding == kUp || (rounding == kZero && exact < 0)))
    return std::nextafter(nearest, kInfinity);
  return nearest;
}

Half round_to_half(long double exact, unsigned rounding) {
  const double nearest = static_cast<double>(exact);
  const bool sticky = nearest != exact; // only of 64-bit integers, which no rounding to 11 bits confuses further
  const float odd = to_odd_float(sticky ? std::nextafter(nearest, static_cast<double>(exact)) : nearest);
  switch (rounding) {
  case kZero:
    return {_cvtss_sh(odd, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
  case kDown:
    return {_cvtss_sh(odd, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
  case kUp:
    return {_cvtss_sh(odd, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
  default:
    return to_half(odd);
  }
}

template <class T>
constexpr bool kIsFloat = std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, Half>;

template <class From>
auto widened(From value) {
  if constexpr (std::is_same_v<From, Half>)
    return to_float(value);
  else
    return value;
}

template <class To, class From>
To convert_one(From from, std::uint8_t variant) {
  const unsigned rounding = variant & 3;
  if constexpr (kIsFloat<From>)
    if ((variant & kFlush) != 0)
      from = flushed(from);
  const auto value = widened(from);
  if constexpr (!kIsFloat<To> && kIsFloat<From>) {
    return float_to_integer<To>(value, rounding);
  } else if constexpr (!kIsFloat<To>) {
    if ((variant & kSaturate) == 0)
      return static_cast<To>(value);
    using Limits = std::numeric_limits<To>;
    const auto wide = static_cast<__int128>(value);
    return static_cast<To>(wide < Limits::min()   ? __int128{Limits::min()}
                           : wide > Limits::max() ? __int128{Limits::max()}
                                                  : wide);
  } else {
    long double exact = value;
    if ((variant & kToInteger) != 0)
      exact = to_integral(static_cast<double>(exact), rounding);
    To result;
    if constexpr (std::is_same_v<To, float>)
      result = round_to_float(exact, rounding);
    else if constexpr (std::is_same_v<To, double>)
      result = round_to_double(exact, rounding);
    else
      result = round_to_half(exact, rounding);
    if ((variant & kFlush) != 0)
      result = flushed(result);
    return (variant & kSaturate) != 0 ? saturated(result) : result;
  }
}

/// Registers may be wider than the types: integers fill a wider result with their sign or zeros.
template <class To, class From>
void convert(Warp& warp, const Instruction& instruction) {
  const std::byte* const from = warp.lanes<std::byte>(instruction.in());
  std::byte* const to = warp.lanes<std::byte>(instruction.out());
  const std::size_t from_stride = instruction.bytes, to_stride = instruction.elements;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!warp.runs(lane))
      continue;
    From value;
    std::memcpy(&value, from + lane * from_stride, sizeof(value));
    const To result = convert_one<To>(value, instruction.variant);
    if constexpr (kIsFloat<To>) {
      std::memcpy(to + lane * to_stride, &result, sizeof(result));
    } else {
      const std::uint64_t wide = std::is_signed_v<To> ? static_cast<std::uint64_t>(static_cast<std::int64_t>(result))
                                                      : static_cast<std::uint64_t>(result);
      std::memcpy(to + lane * to_stride, &wide, to_stride);
    }
  }
}

// The conversions that kernels spend their time in, for whole vectors.
struct Widen {
  float operator()(Half value) const { return to_float(value); }
};
struct Narrow {
  Half operator()(float value) const { return to_half(value); }
};
struct NarrowTwo { // the first operand becomes the upper half
  HalfPair operator()(float upper, float lower) const { return {to_half(lower), to_half(upper)}; }
};

template <class Use>
void with_type(Decoder& decoder, Type type, Use&& use) {
  switch (type) {
  case Type::U8:
    return use(std::uint8_t{});
  case Type::S8:
    return use(std::int8_t{});
  case Type::F16:
    return use(Half{});
  case Type::F32:
    return use(float{});
  case Type::F64:
    return use(double{});
  case Type::B16:
  case Type::B32:
  case Type::B64:
    decoder.fail("cvt takes no .b types");
  default:
    with_integer(decoder, type, use);
  }
}

/// Roundings in the order of `Rounding`, those to an integer after them; 8 if there is none.
std::size_t take_cvt_rounding(Decoder& decoder) {
  return decoder.take_any({"rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi"});
}

void check_rounding(Decoder& decoder, Type to, Type from, std::size_t rounding) {
  const bool integral = rounding >= 4 && rounding < 8, none = rounding == 8;
  if (is_float(to) && is_float(from)) {
    const bool narrows = bytes_of(to) < bytes_of(from);
    if (narrows ? none || integral : bytes_of(to) > bytes_of(from) ? !none : !none && !integral)
      decoder.fail("a rounding is needed where digits are lost, and only there");
  } else if (is_float(to) ? none || integral : is_float(from) ? !integral : !none) {
    decoder.fail("integers become floating-point numbers by .rn .rz .rm .rp, back by .rni .rzi .rmi .rpi");
  }
}

void decode_pair(Decoder& decoder, std::size_t rounding) {
  decoder.need(80, 70);
  if (decoder.take_type() != Type::F16x2 || decoder.take_type() != Type::F32 || rounding != kNearest)
    decoder.fail("of pairs only cvt.rn.f16x2.f32 is known");
  decoder.simple(&lane_wise<NarrowTwo, HalfPair, float, float>, Type::F16x2, {Type::F32, Type::F32});
}

void decode_cvt(Decoder& decoder) {
  const std::size_t rounding = take_cvt_rounding(decoder);
  if (decoder.peek_type() == Type::F16x2)
    return decode_pair(decoder, rounding);
  const bool flush = decoder.take("ftz"), saturate = decoder.take("sat");
  const Type to = decoder.take_type(), from = decoder.take_type();
  check_rounding(decoder, to, from, rounding);
  decoder.result.variant =
      static_cast<std::uint8_t>((rounding & 3) | (flush ? kFlush : 0) | (saturate ? kSaturate : 0) |
                                (rounding >= 4 && rounding < 8 ? kToInteger : 0));
  with_type(decoder, to, [&]<class To>(To) {
    with_type(decoder, from, [&]<class From>(From) { decoder.result.run = &convert<To, From>; });
  });
  decoder.output(decoder.operand(0), to, !is_float(to));
  decoder.input(decoder.operand(1), from, !is_float(from));
  decoder.result.bytes = static_cast<std::uint8_t>(decoder.width(decoder.operand(1), std::max(2U, bytes_of(from))));
  decoder.result.elements = static_cast<std::uint8_t>(decoder.width(decoder.operand(0), 0));
  if (decoder.result.variant == 0 && to == Type::F32 && from == Type::F16)
    decoder.result.run = &lane_wise<Widen, float, Half>;
  else if (decoder.result.variant == 0 && to == Type::F16 && from == Type::F32)
    decoder.result.run = &lane_wise<Narrow, Half, float>;
}

constexpr Opcode kOpcodes[] = {{"cvt", &decode_cvt}};

} // namespace

std::span<const Opcode> convert_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
