// Dense layers on bf16 weights against scalar arithmetic, bit by bit.
#include "checkpoint/weight_source.hpp"
#include "kernels/dense.hpp"
#include "kernels/every_kernel_table.hpp"
#include "kernels/plain_loops.hpp"
#include "support/errors.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace sciexam;

namespace {

using test::Floats;

std::vector<std::byte> as_bf16(const Floats& values) {
  std::vector<std::byte> bytes(2 * values.size());
  convert_from_f32(DType::bf16, values, bytes);
  return bytes;
}

Floats rounded(Floats values) {
  convert_to_f32(DType::bf16, as_bf16(values), values);
  return values;
}

float flushed(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0F, x) : x;
}

struct Bf16Layer {
  std::int64_t in, out;
  Floats weight, bias;

  Bf16Layer(std::int64_t in_features, std::int64_t out_features, float weight_size, float bias_size = 0.5F)
      : in(in_features), out(out_features), weight(test::normal(static_cast<std::size_t>(in * out), weight_size, 1)),
        bias(test::normal(static_cast<std::size_t>(out), bias_size, 2)) {}

  PackedMatrix packed(const KernelTable& kernels) const {
    PackedMatrix matrix(in, out, StoredWeights::bf16, kernels);
    const std::vector<std::byte> bytes = as_bf16(weight);
    const std::size_t part = weight.size() / 3; // as if they came in two chunks
    matrix.place_halves(static_cast<std::int64_t>(part), std::span(bytes).subspan(2 * part));
    matrix.place_halves(0, std::span(bytes).first(2 * part));
    std::copy(bias.begin(), bias.end(), matrix.bias());
    matrix.complete();
    return matrix;
  }

  Floats operator()(const KernelTable& kernels, const Floats& inputs, std::int64_t rows) const {
    const bool in_unit = kernels.rounded.tile == 32 && in % 32 == 0;
    const Floats x = rounded(inputs), w = rounded(weight);
    Floats y;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t o = 0; o < out; ++o) {
        const auto add_product = [&](std::int64_t i, float sum) {
          const float a = i < in ? x[test::at(row, in, i)] : 0, b = i < in ? w[test::at(o, in, i)] : 0;
          return flushed(std::fma(flushed(a), flushed(b), flushed(sum)));
        };
        const float start = bias[static_cast<std::size_t>(o)];
        y.push_back(in_unit ? as_unit(start, add_product) : as_instruction(start, add_product));
      }
    return y;
  }

private:
  /// As VDPBF16PS sums: of each pair the second product first.
  template <class AddProduct>
  float as_instruction(float sum, const AddProduct& add_product) const {
    for (std::int64_t k = 0; k < in; k += 2)
      sum = add_product(k, add_product(k + 1, sum));
    return sum;
  }

  /// As TDPBF16PS does: of 32 features the even ones and the odd ones, both to the sum so far.
  template <class AddProduct>
  float as_unit(float sum, const AddProduct& add_product) const {
    for (std::int64_t block = 0; block < in; block += 32) {
      float even = 0, odd = 0;
      for (std::int64_t k = block; k < block + 32; k += 2) {
        even = add_product(k, even);
        odd = add_product(k + 1, odd);
      }
      sum = flushed(flushed(sum) + flushed(even + odd));
    }
    return sum;
  }
};

std::vector<std::uint32_t> bits_of(const Floats& values) {
  std::vector<std::uint32_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), [](float x) { return std::bit_cast<std::uint32_t>(x); });
  return bits;
}

Floats product(const PackedMatrix& matrix, const Floats& x, bool gelu = false) {
  const std::int64_t rows = static_cast<std::int64_t>(x.size()) / matrix.in_features();
  Floats y(static_cast<std::size_t>(rows * matrix.out_features()), std::nanf(""));
  dense(matrix, x.data(), rows, gelu, y.data(), test::three_workers(), test::workspace);
  return y;
}

} // namespace

TEST_CASE("a bf16 product has the bits of VDPBF16PS, or of TDPBF16PS on AMX, for all edge shapes") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const std::int64_t rows = GENERATE(1, 5, 14, 31, 67);
  const auto [in, out] = GENERATE(table<int, int>(
      {{64, 64}, {256, 32}, {257, 33}, {1, 1}, {6, 17}, {1023, 16}, {1026, 40}, {2051, 7}, {32, 1}, {2144, 33}}));
  CAPTURE(name, rows, in, out);
  const Bf16Layer layer(in, out, 1 / std::sqrt(static_cast<float>(in)));
  const PackedMatrix matrix = layer.packed(*kernels);
  const Floats x = test::normal(static_cast<std::size_t>(rows * in), 1, 3), expected = layer(*kernels, x, rows),
               activated = product(matrix, x, true);
  CHECK(bits_of(product(matrix, x)) == bits_of(expected));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto sum = static_cast<double>(expected[i]);
    REQUIRE(std::abs(static_cast<double>(activated[i]) - test::gelu(sum)) <=
            test::gelu_error(StoredWeights::bf16, sum));
  }
}

TEST_CASE("denormals count as zero in a bf16 product") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  // Many inputs are too small; many weights; products, sums and biases.
  const auto [input_size, weight_size, bias_size] =
      GENERATE(table<float, float, float>({{1e-38F, 1e36F, 0.5F}, {1e36F, 1e-38F, 0.5F}, {1e-19F, 1e-19F, 1e-38F}}));
  CAPTURE(name, input_size);
  const std::int64_t in = GENERATE(25, 32);
  const Bf16Layer layer(in, 40, weight_size, bias_size);
  const Floats x = test::normal(static_cast<std::size_t>(9 * layer.in), input_size, 3);
  CHECK(bits_of(product(layer.packed(*kernels), x)) == bits_of(layer(*kernels, x, 9)));
}

TEST_CASE("inputs are rounded to the nearest bf16, ties to even; infinities and NaNs are kept") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  Bf16Layer identity(1, 1, 1);
  identity.weight = {1};
  identity.bias = {0};
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Floats x = {1 + 0x1p-8F, 1 + 0x1.8p-7F,  1 + 0x1.0002p-8F, -1 - 0x1p-8F, -1 - 0x1.8p-7F,
                    3.39e38F,    -3.4028235e38F, kInfinity,        -kInfinity,   0,
                    0x1p-126F,   5e-39F},
               y = product(identity.packed(*kernels), x);
  const Floats expected = {1,          1 + 0x1p-6F, 1 + 0x1p-7F, -1, -1 - 0x1p-6F, 0x1.FEp127F,
                           -kInfinity, kInfinity,   -kInfinity,  0,  0x1p-126F,    0};
  CHECK(y == expected);
  for (const std::uint32_t nan : {0x7FFFFFFFU, 0x7F800001U, 0xFFFFFFFFU, 0x7FC00000U})
    CHECK(std::isnan(product(identity.packed(*kernels), {std::bit_cast<float>(nan)})[0]));
}

TEST_CASE("a row's bits in a bf16 product depend neither on the other rows nor on the workers") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  CHECK(test::rows_are_independent(Bf16Layer(1301, 70, 1).packed(*kernels)));
  CHECK(test::rows_are_independent(Bf16Layer(1312, 70, 1).packed(*kernels)));
}

TEST_CASE("weights of another type than a matrix has are refused") {
  PackedMatrix matrix(2, 2, StoredWeights::bf16);
  const Floats floats(4);
  CHECK_THROWS_AS(matrix.place(0, floats), InternalError);
  CHECK_THROWS_AS(matrix.place_int8(0, std::as_bytes(std::span(floats).first(1))), InternalError);
  CHECK_THROWS_AS(PackedMatrix(2, 2, StoredWeights::f32).place_halves(0, as_bf16(floats)), InternalError);
}
