#include "checkpoint/weight_source.hpp"
#include "support/errors.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// IEEE 754 binary16 by its definition; a NaN is made quiet.
float plain_f16_to_f32(std::uint16_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31 && mantissa != 0)
    return std::bit_cast<float>((half & 0x8000U) << 16 | 0x7FC00000U | static_cast<std::uint32_t>(mantissa) << 13);
  if (exponent == 31)
    return sign * std::numeric_limits<float>::infinity();
  return exponent == 0 ? sign * std::ldexp(static_cast<float>(mantissa), -24)
                       : sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

float plain_bf16_to_f32(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

std::vector<float> to_f32(DType dtype, const std::vector<std::uint16_t>& values) {
  std::vector<float> out(values.size());
  convert_to_f32(dtype, std::as_bytes(std::span(values)), out);
  return out;
}

std::vector<std::uint16_t> from_f32(DType dtype, const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size());
  convert_from_f32(dtype, values, std::as_writable_bytes(std::span(out)));
  return out;
}

std::vector<std::uint16_t> all_halves() {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<std::uint16_t>(i);
  return all;
}

/// The nearest of the 16-bit numbers of a type, the even one of two equally near: by searching all of them.
class Nearest {
public:
  explicit Nearest(float (*widen)(std::uint16_t), std::uint16_t infinity) : widen_(widen), infinity_(infinity) {}

  std::uint16_t operator()(float value) const {
    const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
    const double size = std::fabs(static_cast<double>(value));
    std::uint16_t low = 0, high = infinity_; // widen(low) <= size < widen(high)
    while (high - low > 1) {
      const auto middle = static_cast<std::uint16_t>((low + high) / 2);
      (magnitude(middle) <= size ? low : high) = middle;
    }
    const double below = size - magnitude(low), above = magnitude(high) - size;
    const bool up = std::isinf(size) || above < below || (above == below && low % 2 != 0);
    return static_cast<std::uint16_t>(sign | (up ? high : low));
  }

private:
  /// Infinity stands where the next finite number would be: that is where rounding overflows.
  double magnitude(std::uint16_t half) const {
    if (half < infinity_)
      return widen_(half);
    const double last = widen_(static_cast<std::uint16_t>(infinity_ - 1));
    return last + (last - widen_(static_cast<std::uint16_t>(infinity_ - 2)));
  }

  float (*widen_)(std::uint16_t);
  std::uint16_t infinity_;
};

/// Numbers around every 16-bit number of a type and around the middles between them, and random ones.
std::vector<float> numbers_to_round(float (*widen)(std::uint16_t)) {
  std::vector<float> numbers;
  for (const std::uint16_t half : all_halves()) {
    const float value = widen(half), next = widen(static_cast<std::uint16_t>(half + 1));
    if (std::isnan(value))
      continue;
    const float middle = value / 2 + next / 2;
    for (const float number : {value, middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 2 * middle)})
      if (!std::isnan(number))
        numbers.push_back(number);
  }
  std::mt19937 generator(1);
  for (int i = 0; i < 100000; ++i)
    if (const float number = std::bit_cast<float>(static_cast<std::uint32_t>(generator())); !std::isnan(number))
      numbers.push_back(number);
  return numbers;
}

} // namespace

TEST_CASE("every f16 becomes the f32 of the same value") {
  const auto halves = all_halves();
  const auto floats = to_f32(DType::f16, halves);
  int wrong = 0;
  for (std::size_t i = 0; i < halves.size(); ++i)
    wrong += std::bit_cast<std::uint32_t>(floats[i]) != std::bit_cast<std::uint32_t>(plain_f16_to_f32(halves[i]));
  CHECK(wrong == 0);
}

TEST_CASE("every bf16 becomes the f32 of the same bits") {
  const auto halves = all_halves();
  const auto floats = to_f32(DType::bf16, halves);
  int wrong = 0;
  for (std::size_t i = 0; i < halves.size(); ++i)
    wrong += std::bit_cast<std::uint32_t>(floats[i]) != static_cast<std::uint32_t>(halves[i]) << 16;
  CHECK(wrong == 0);
}

TEST_CASE("f32 is rounded to the nearest f16 or bf16, ties to even") {
  const auto check = [](DType dtype, float (*widen)(std::uint16_t), std::uint16_t infinity) {
    const auto numbers = numbers_to_round(widen);
    const auto halves = from_f32(dtype, numbers);
    const Nearest nearest(widen, infinity);
    int wrong = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      wrong += halves[i] != nearest(numbers[i]);
    CHECK(wrong == 0);
  };
  check(DType::f16, plain_f16_to_f32, 0x7C00);
  check(DType::bf16, plain_bf16_to_f32, 0x7F80);
}

TEST_CASE("a NaN stays one, with its sign") {
  for (const std::uint32_t bits : {0x7FC00000U, 0x7F800001U, 0xFF800001U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    const std::uint16_t sign = bits >> 31 != 0 ? 0x8000 : 0;
    for (const DType dtype : {DType::f16, DType::bf16}) {
      const std::uint16_t half = from_f32(dtype, {std::bit_cast<float>(bits)})[0];
      CHECK(std::isnan(to_f32(dtype, {half})[0]));
      CHECK((half & 0x8000) == sign);
    }
  }
}

TEST_CASE("a run of any length, at any address, is converted to its last element") {
  std::vector<std::byte> bytes(2 * 40 + 1);
  for (std::size_t count = 0; count < 40; ++count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto half = static_cast<std::uint16_t>(0x3C00 + i); // 1 + i / 1024
      std::memcpy(bytes.data() + 1 + 2 * i, &half, 2);
    }
    std::vector<float> out(count + 1, -1);
    convert_to_f32(DType::f16, std::span(bytes).subspan(1, 2 * count), std::span(out).first(count));
    for (std::size_t i = 0; i < count; ++i)
      CHECK(out[i] == 1 + static_cast<float>(i) / 1024);
    CHECK(out[count] == -1);

    std::vector<std::byte> back(2 * count + 1, std::byte{0x55});
    convert_from_f32(DType::f16, std::span(out).first(count), std::span(back).first(2 * count));
    CHECK((count == 0 || std::memcmp(back.data(), bytes.data() + 1, 2 * count) == 0));
    CHECK(back.back() == std::byte{0x55});
  }
}

TEST_CASE("f64 is rounded to f32, f32 is copied") {
  const std::vector<double> doubles = {1.0 / 3, -0.0, 1e300, 1e-46};
  std::vector<float> out(4);
  convert_to_f32(DType::f64, std::as_bytes(std::span(doubles)), out);
  CHECK(out[0] == 1.0F / 3);
  CHECK(std::signbit(out[1]));
  CHECK(std::isinf(out[2]));
  CHECK(out[3] == 0);
  std::vector<float> copy(4);
  convert_to_f32(DType::f32, std::as_bytes(std::span(out)), copy);
  CHECK(copy == out);
}

TEST_CASE("integers and wrong lengths are not converted") {
  std::vector<float> out(2);
  std::vector<std::byte> bytes(16);
  CHECK_THROWS_AS(convert_to_f32(DType::i64, bytes, out), InternalError);
  CHECK_THROWS_AS(convert_to_f32(DType::f32, bytes, out), InternalError);
  CHECK_THROWS_AS(convert_to_f32(DType::f16, std::span(bytes).first(5), out), InternalError);
  CHECK_THROWS_AS(convert_from_f32(DType::f64, out, bytes), InternalError);
  CHECK_THROWS_AS(convert_from_f32(DType::bf16, out, bytes), InternalError);
}

TEST_CASE("a shape's product must be a number of elements") {
  CHECK(TensorInfo{"t", DType::f32, {}}.elements() == 1);
  CHECK(TensorInfo{"t", DType::f16, {3, 5}}.bytes() == 30);
  CHECK_THROWS_AS((TensorInfo{"t", DType::f32, {-1}}.elements()), InternalError);
  CHECK_THROWS_AS((TensorInfo{"t", DType::f32, {INT64_MAX, 3}}.elements()), InternalError);
}
