// ex2, lg2, rsqrt, sin, cos, tanh: computed in double, within the errors that the manual permits.
#include "ptx_emulator/instructions/floats.hpp"

namespace sciexam::emulated {
namespace {

struct PowerOfTwo {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    return static_cast<T>(std::exp2(static_cast<double>(a)));
  }
};
struct Logarithm {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    return static_cast<T>(std::log2(static_cast<double>(a)));
  }
};
struct InverseRoot {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    return static_cast<T>(1 / std::sqrt(static_cast<double>(a)));
  }
};
struct Sine {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    return static_cast<T>(std::sin(static_cast<double>(a)));
  }
};
struct Cosine {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    return static_cast<T>(std::cos(static_cast<double>(a)));
  }
};
/// Rounded to 11 bits: the relative error of 2^-11 that the manual allows devices, so that nobody relies on better.
struct HyperbolicTangent {
  using HalfIsComputedIn = double;
  template <class T>
  static T on(T a) {
    int exponent = 0;
    const double fraction = std::frexp(std::tanh(static_cast<double>(a)), &exponent);
    return static_cast<T>(std::ldexp(std::nearbyint(fraction * 2048) / 2048, exponent));
  }
};

template <class Operation, bool halves>
void decode_transcendental(Decoder& decoder) {
  if (!decoder.take("approx"))
    decoder.fail("needs .approx");
  decode_modified<Operation, 1>(decoder, halves);
  decoder.result.kind = Kind::Sfu;
}

constexpr Opcode kOpcodes[] = {
    {"ex2", &decode_transcendental<PowerOfTwo, true>},     {"lg2", &decode_transcendental<Logarithm, false>},
    {"rsqrt", &decode_transcendental<InverseRoot, false>}, {"sin", &decode_transcendental<Sine, false>},
    {"cos", &decode_transcendental<Cosine, false>},        {"tanh", &decode_transcendental<HyperbolicTangent, true>},
};

} // namespace

std::span<const Opcode> transcendental_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
