// Floating-point numbers against plain C++ and the manual's rules for special values.
#include "ptx_emulator/tests/lane_instruction.hpp"

#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>

using namespace sciexam::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();
using Floats = std::vector<float>;
using Halves = std::vector<std::uint16_t>;

const Floats kX = {0, -0.0F, 1, -1.5F, 3.14159F, 1e-40F, 65519, 1e38F, kInfinity, kNan, 0.1F, -7.25F, 2.5F, 1e-8F};
const Floats kY = {-0.0F, 0, 3, 0.1F, -2.71828F, 1e-5F, 1.5F, 1e38F, -kInfinity, 1, kNan, 0.3F, 2.5F, -1e-8F};

bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

template <class Expected>
void check_floats2(const std::string& instruction, Expected&& expected) {
  const Floats results = on_lanes<float>(instruction + " %d, %x0, %x1;", kX, kY);
  for (std::size_t k = 0; k < kX.size(); ++k) {
    INFO(instruction << " of " << kX[k] << ", " << kY[k] << " gives " << results[k] << ", not "
                     << expected(kX[k], kY[k]));
    CHECK(same(results[k], expected(kX[k], kY[k])));
  }
}

template <class Expected>
void check_floats1(const std::string& instruction, Expected&& expected, double tolerance = 0) {
  const Floats results = on_lanes<float>(instruction + " %d, %x0;", kX);
  for (std::size_t k = 0; k < kX.size(); ++k) {
    const float wanted = expected(kX[k]);
    INFO(instruction << " of " << kX[k] << " gives " << results[k] << ", not " << wanted);
    CHECK((same(results[k], wanted) || std::abs(results[k] - wanted) <= tolerance * std::abs(wanted)));
  }
}

/// C++'s own arithmetic in another rounding, kept from the optimiser.
template <class Operation>
float rounded(int mode, Operation&& operation) {
  std::fesetround(mode);
  const volatile float result = operation();
  std::fesetround(FE_TONEAREST);
  return result;
}

/// Half precision decoded by its definition.
double half_value(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31)
    return fraction != 0 ? std::nan("") : sign * kInfinity;
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

/// The nearest half to an exact value, ties to even, by search.
std::uint16_t nearest_half(double value) {
  if (std::isnan(value))
    return 0x7fff;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::abs(value);
  if (magnitude >= 65520)
    return sign | 0x7c00;
  unsigned best = 0;
  for (unsigned bits = 1; bits < 0x7c00; ++bits) {
    const double before = std::abs(half_value(static_cast<std::uint16_t>(best)) - magnitude);
    const double now = std::abs(half_value(static_cast<std::uint16_t>(bits)) - magnitude);
    if (now < before || (now == before && bits % 2 == 0))
      best = bits;
  }
  return static_cast<std::uint16_t>(sign | best);
}

} // namespace

TEST_CASE("f32 arithmetic is IEEE's") {
  check_floats2("add.f32", [](float a, float b) { return a + b; });
  check_floats2("sub.f32", [](float a, float b) { return a - b; });
  check_floats2("mul.f32", [](float a, float b) { return a * b; });
  check_floats2("div.rn.f32", [](float a, float b) { return a / b; });
  check_floats2("div.full.f32", [](float a, float b) { return a / b; });
  check_floats1("sqrt.rn.f32", [](float a) { return std::sqrt(a); });
  check_floats1("rcp.rn.f32", [](float a) { return 1 / a; });
  check_floats1("neg.f32", [](float a) { return -a; });
  check_floats1("abs.f32", [](float a) { return std::abs(a); });
  const Floats fused = on_lanes<float>("fma.rn.f32 %d, %x0, %x1, %x1;", kX, kY);
  for (std::size_t k = 0; k < kX.size(); ++k)
    CHECK(same(fused[k], std::fma(kX[k], kY[k], kY[k])));
}

TEST_CASE("roundings other than to nearest") {
  check_floats2("add.rz.f32", [](float a, float b) { return rounded(FE_TOWARDZERO, [&] { return a + b; }); });
  check_floats2("mul.rm.f32", [](float a, float b) { return rounded(FE_DOWNWARD, [&] { return a * b; }); });
  check_floats2("mul.rp.f32", [](float a, float b) { return rounded(FE_UPWARD, [&] { return a * b; }); });
  check_floats2("div.rz.f32", [](float a, float b) { return rounded(FE_TOWARDZERO, [&] { return a / b; }); });
}

TEST_CASE("ftz flushes subnormal numbers, sat keeps to 0 and 1") {
  const auto flush = [](float x) { return std::abs(x) < 1.17549435e-38F ? std::copysign(0.0F, x) : x; };
  check_floats2("mul.ftz.f32", [&](float a, float b) { return flush(flush(a) * flush(b)); });
  check_floats2("add.ftz.f32", [&](float a, float b) { return flush(flush(a) + flush(b)); });
  check_floats2("add.sat.f32", [](float a, float b) { return a + b > 0 ? std::min(a + b, 1.0F) : 0.0F; });
}

TEST_CASE("min and max prefer numbers, and know that -0 is less than 0") {
  const auto less = [](float a, float b) { return a < b || (a == b && std::signbit(a)); };
  check_floats2("min.f32", [&](float a, float b) { return std::isnan(a) ? b : std::isnan(b) || less(a, b) ? a : b; });
  check_floats2("max.f32", [&](float a, float b) { return std::isnan(a) ? b : std::isnan(b) || !less(a, b) ? a : b; });
  check_floats2("max.NaN.f32", [&](float a, float b) {
    return std::isnan(a) || std::isnan(b) ? kNan : less(a, b) ? b : a;
  });
}

TEST_CASE("approximations stay within the manual's errors") {
  check_floats1(
      "ex2.approx.f32", [](float a) { return std::exp2(a); }, std::ldexp(1, -22));
  check_floats1(
      "ex2.approx.ftz.f32", [](float a) { return std::exp2(a); }, std::ldexp(1, -22));
  check_floats1(
      "lg2.approx.f32", [](float a) { return std::log2(a); }, std::ldexp(1, -22));
  check_floats1(
      "rsqrt.approx.f32", [](float a) { return 1 / std::sqrt(a); }, std::ldexp(1, -22));
  check_floats1(
      "tanh.approx.f32", [](float a) { return std::tanh(a); }, std::ldexp(1, -11));
}

TEST_CASE("tanh.approx is as inexact as a device may be") {
  Floats inputs(32);
  for (std::size_t k = 0; k < inputs.size(); ++k)
    inputs[k] = 0.05F * static_cast<float>(k + 1);
  const Floats results = on_lanes<float>("tanh.approx.f32 %d, %x0;", inputs);
  double worst = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    worst = std::max(worst, std::abs(results[k] / std::tanh(static_cast<double>(inputs[k])) - 1));
  CHECK(worst > std::ldexp(1, -13));
}

TEST_CASE("comparisons of floats know unordered numbers") {
  const auto check = [](const std::string& comparison, auto&& expected) {
    const Words results =
        on_lanes<std::uint32_t>("setp." + comparison + ".f32 %p, %x0, %x1;\nselp.b32 %d, 1, 0, %p;", kX, kY);
    for (std::size_t k = 0; k < kX.size(); ++k) {
      INFO(comparison << " of " << kX[k] << ", " << kY[k]);
      CHECK((results[k] != 0) == expected(kX[k], kY[k]));
    }
  };
  check("lt", [](float a, float b) { return a < b; });
  check("ge", [](float a, float b) { return a >= b; });
  check("ne", [](float a, float b) { return a < b || a > b; });
  check("eq", [](float a, float b) { return a == b; });
  check("ltu", [](float a, float b) { return !(a >= b); });
  check("neu", [](float a, float b) { return a != b; });
  check("geu", [](float a, float b) { return !(a < b); });
  check("num", [](float a, float b) { return !std::isnan(a) && !std::isnan(b); });
  check("nan", [](float a, float b) { return std::isnan(a) || std::isnan(b); });
}

TEST_CASE("half precision is rounded once, to the nearest, ties to even") {
  Halves a, b;
  for (std::uint16_t bits :
       {0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x3555, 0xb800, 0x7bff, 0x7c00, 0x7e00, 0x5640, 0x8001})
    for (std::uint16_t other : {0x3c01, 0x8400}) {
      a.push_back(bits);
      b.push_back(other);
    }
  const Halves sums = on_lanes<std::uint16_t>("add.f16 %d, %x0, %x1;", a, b),
               products = on_lanes<std::uint16_t>("mul.f16 %d, %x0, %x1;", a, b);
  const Halves fused = on_lanes<std::uint16_t>("fma.rn.f16 %d, %x0, %x0, %x1;", a, b);
  for (std::size_t k = 0; k < a.size(); ++k) {
    INFO(std::hex << a[k] << ' ' << b[k]);
    const double x = half_value(a[k]), y = half_value(b[k]);
    const auto agrees = [](std::uint16_t bits, double exact) {
      return std::isnan(exact) ? std::isnan(half_value(bits)) : bits == nearest_half(exact);
    };
    CHECK(agrees(sums[k], x + y));
    CHECK(agrees(products[k], x * y));
    CHECK(agrees(fused[k], x * x + y));
  }
  const Words pairs =
      on_lanes<std::uint32_t>("add.f16x2 %d, %x0, %x1;", Words{0x3c004000, 0xc0003c00}, Words{0x40003c00, 0x3c003c00});
  CHECK(pairs == Words{0x42004200, 0xbc004000}); // 1 + 2, 2 + 1; -2 + 1, 1 + 1
}

TEST_CASE("conversions to half precision in each rounding") {
  const Floats values = {0.1F, -0.1F, 1.0004883F, 2049, 65519, 65520, 1e-8F, -3e-8F, 6e-8F, kInfinity, 1e30F};
  const Halves nearest = on_lanes<std::uint16_t>("cvt.rn.f16.f32 %d, %x0;", values),
               zero = on_lanes<std::uint16_t>("cvt.rz.f16.f32 %d, %x0;", values);
  const Halves down = on_lanes<std::uint16_t>("cvt.rm.f16.f32 %d, %x0;", values),
               up = on_lanes<std::uint16_t>("cvt.rp.f16.f32 %d, %x0;", values);
  for (std::size_t k = 0; k < values.size(); ++k) {
    INFO(values[k]);
    CHECK(nearest[k] == nearest_half(values[k]));
    const double low = half_value(down[k]), high = half_value(up[k]);
    CHECK(low <= values[k]);
    CHECK(high >= values[k]);
    CHECK((low == values[k] || std::nextafter(static_cast<float>(low), kInfinity) <= values[k]));
    CHECK((down[k] == up[k] || std::abs(down[k] - up[k]) == 1 || (down[k] | up[k]) == 0x8000 ||
           half_value(down[k]) * half_value(up[k]) == 0));
    CHECK(zero[k] == (values[k] < 0 ? up[k] : down[k]));
  }
  CHECK(on_lanes<std::uint32_t>("cvt.rn.f16x2.f32 %d, %x0, %x1;", Floats{1}, Floats{2}) == Words{0x3c004000});
  CHECK(on_lanes<float>("cvt.f32.f16 %d, %x0;", Halves{0x3c00, 0x0001, 0xfc00}) ==
        Floats{1, std::ldexp(1.0F, -24), -kInfinity});
}

TEST_CASE("conversions between floats and integers round, clamp, and turn NaN into 0") {
  const Floats values = {2.5F, -2.5F, 3.5F, 2.7F, -2.7F, 1e20F, -1e20F, kNan, 255.4F, -0.5F};
  using Ints = std::vector<std::uint32_t>;
  const auto as = [](std::initializer_list<std::int64_t> list) {
    Ints words;
    for (const std::int64_t value : list)
      words.push_back(static_cast<std::uint32_t>(value));
    return words;
  };
  constexpr std::int64_t kMost = 2147483647;
  CHECK(on_lanes<std::uint32_t>("cvt.rni.s32.f32 %d, %x0;", values) ==
        as({2, -2, 4, 3, -3, kMost, -kMost - 1, 0, 255, 0}));
  CHECK(on_lanes<std::uint32_t>("cvt.rzi.s32.f32 %d, %x0;", values) ==
        as({2, -2, 3, 2, -2, kMost, -kMost - 1, 0, 255, 0}));
  CHECK(on_lanes<std::uint32_t>("cvt.rmi.s32.f32 %d, %x0;", values) ==
        as({2, -3, 3, 2, -3, kMost, -kMost - 1, 0, 255, -1}));
  CHECK(on_lanes<std::uint32_t>("cvt.rpi.s32.f32 %d, %x0;", values) ==
        as({3, -2, 4, 3, -2, kMost, -kMost - 1, 0, 256, 0}));
  CHECK(on_lanes<std::uint32_t>("cvt.rzi.u32.f32 %d, %x0;", values) == as({2, 0, 3, 2, 0, 0xffffffff, 0, 0, 255, 0}));
  CHECK(on_lanes<float>("cvt.rn.f32.s32 %d, %x0;", as({-3, 16777217, kMost})) == Floats{-3, 16777216, 2147483648.0F});
  CHECK(on_lanes<float>("cvt.rp.f32.u32 %d, %x0;", as({16777217, 5})) == Floats{16777218, 5});
  CHECK(on_lanes<float>("cvt.rni.f32.f32 %d, %x0;", Floats{2.5F, -0.4F, 3.5F}) == Floats{2, -0.0F, 4});
  CHECK(on_lanes<float>("cvt.rn.f32.f64 %d, %x0;", std::vector<double>{0.1, 1e300}) == Floats{0.1F, kInfinity});
  CHECK(on_lanes<double>("cvt.f64.f32 %d, %x0;", Floats{0.1F}) == std::vector<double>{static_cast<double>(0.1F)});
}

TEST_CASE("conversions between integers widen by the sign, cut, or saturate") {
  CHECK(on_lanes<std::uint32_t>("cvt.s32.s8 %d, %x0;", Words{0x180, 0x7f}) == Words{0xffffff80, 0x7f});
  CHECK(on_lanes<std::uint32_t>("cvt.u32.u8 %d, %x0;", Words{0x180, 0xff}) == Words{0x80, 0xff});
  CHECK(on_lanes<std::uint64_t>("cvt.s64.s32 %d, %x0;", Words{0x80000000}) ==
        std::vector<std::uint64_t>{0xffffffff80000000});
  CHECK(on_lanes<std::uint64_t>("cvt.u64.u32 %d, %x0;", Words{0x80000000}) == std::vector<std::uint64_t>{0x80000000});
  CHECK(on_lanes<std::uint32_t>("cvt.sat.s8.s32 %d, %x0;", Words{300, 0xfffffc00, 5}) == Words{127, 0xffffff80, 5});
  CHECK(on_lanes<std::uint16_t>("cvt.u16.u32 %d, %x0;", Words{0x12345}) == Halves{0x2345});
}
