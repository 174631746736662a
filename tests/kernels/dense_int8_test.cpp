// Dense layers on int8 weights against plain loops: their integers are the same on every instruction set.
#include "kernels/dense.hpp"
#include "kernels/every_kernel_table.hpp"
#include "kernels/plain_loops.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace sciexam;

namespace {

using test::Floats;

struct Int8Layer {
  std::int64_t in, out;
  std::vector<std::byte> weight;
  Floats scales, factors, bias;

  Int8Layer(std::int64_t in_features, std::int64_t out_features, unsigned seed)
      : in(in_features), out(out_features), weight(static_cast<std::size_t>(in * out)),
        scales(static_cast<std::size_t>(out)), factors(static_cast<std::size_t>(in)),
        bias(test::normal(static_cast<std::size_t>(out), 0.5F, seed)) {
    std::mt19937 generator(seed);
    std::uniform_int_distribution<int> any_int8(-128, 127);
    std::uniform_real_distribution<float> any_factor(0.1F, 4);
    for (std::byte& value : weight)
      value = static_cast<std::byte>(any_int8(generator));
    for (float& factor : factors)
      factor = any_factor(generator);
    for (float& scale : scales)
      scale = any_factor(generator) / 100 / std::sqrt(static_cast<float>(in));
  }

  PackedMatrix packed(const KernelTable& kernels) const {
    PackedMatrix matrix(in, out, StoredWeights::int8, kernels);
    const std::size_t part = weight.size() / 3; // as if they came in two chunks
    matrix.place_int8(static_cast<std::int64_t>(part), std::span(weight).subspan(part));
    matrix.place_int8(0, std::span(weight).first(part));
    std::copy(bias.begin(), bias.end(), matrix.bias());
    std::copy(scales.begin(), scales.end(), matrix.int8_scales());
    std::copy(factors.begin(), factors.end(), matrix.input_factors());
    matrix.complete();
    return matrix;
  }

  /// One row; `size` gets the size of the terms whose sum the result is.
  std::vector<double> operator()(const float* x, std::vector<double>& size) const {
    float largest = 0;
    for (std::size_t i = 0; i < factors.size(); ++i)
      largest = std::max(largest, std::abs(x[i] * factors[i]));
    const float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
    std::vector<double> y;
    for (std::size_t o = 0; o < bias.size(); ++o) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < factors.size(); ++i)
        sum += static_cast<std::int64_t>(std::nearbyint(x[i] * factors[i] * inverse)) *
               static_cast<std::int8_t>(weight[o * factors.size() + i]);
      const double product = static_cast<double>(sum) * static_cast<double>(scale) * static_cast<double>(scales[o]);
      size.push_back(std::abs(product) + std::abs(static_cast<double>(bias[o])));
      y.push_back(product + static_cast<double>(bias[o]));
    }
    return y;
  }
};

} // namespace

TEST_CASE("an int8 product has the integers of plain loops, for all edge shapes") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const auto rows = GENERATE(1, 5, 6, 14, 97);
  const auto [in, out] = GENERATE(table<int, int>(
      {{64, 64}, {256, 32}, {257, 33}, {1, 1}, {6, 17}, {1023, 16}, {1026, 40}, {2051, 7}, {4100, 32}}));
  CAPTURE(name, rows, in, out);
  const Int8Layer layer(in, out, 1);
  const PackedMatrix matrix = layer.packed(*kernels);
  const Floats x = test::normal(static_cast<std::size_t>(rows * in), 1, 3);
  Floats y(static_cast<std::size_t>(rows * out), std::nanf("")), activated = y;
  dense(matrix, x.data(), rows, false, y.data(), test::three_workers(), test::workspace);
  dense(matrix, x.data(), rows, true, activated.data(), test::three_workers(), test::workspace);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<double> size;
    const std::vector<double> expected = layer(x.data() + row * in, size);
    for (std::int64_t o = 0; o < out; ++o) {
      const auto column = static_cast<std::size_t>(o);
      CAPTURE(row, o);
      // A wrong integer would change the result by 1e-4 or more, rounding to f32 at the end by some 1e-7.
      const auto sum = static_cast<double>(y[test::at(row, out, o)]);
      REQUIRE(std::abs(sum - expected[column]) <= 5e-7 * (size[column] + 1e-3));
      REQUIRE(std::abs(static_cast<double>(activated[test::at(row, out, o)]) - test::gelu(sum)) <=
              test::gelu_error(StoredWeights::int8, sum));
    }
  }
}

TEST_CASE("a row of zeros gives the bias, and the largest sums fit") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  Int8Layer layer(kMaxInt8Features, 2, 1);
  std::fill(layer.weight.begin(), layer.weight.begin() + layer.in, std::byte{127});
  std::fill(layer.weight.begin() + layer.in, layer.weight.end(), std::byte{128}); // -128
  std::fill(layer.factors.begin(), layer.factors.end(), 1.0F);
  layer.scales = {1, 1};
  layer.bias = {0.25F, -0.5F};
  const PackedMatrix matrix = layer.packed(*kernels);
  Floats x(static_cast<std::size_t>(2 * layer.in));
  std::fill(x.begin() + layer.in, x.end(), 127.0F);
  Floats y(4);
  dense(matrix, x.data(), 2, false, y.data(), test::single_worker(), test::workspace);
  CHECK(y[0] == 0.25F);
  CHECK(y[1] == -0.5F);
  CHECK(y[2] == 65536.0F * 127 * 127);
  CHECK(y[3] == -65536.0F * 127 * 128);
  CHECK_THROWS_AS(PackedMatrix(kMaxInt8Features + 1, 1, StoredWeights::int8, *kernels), InternalError);
}

TEST_CASE("a NaN in a row shows in all of its int8 products, and in no other row's") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const bool gelu = GENERATE(false, true);
  CAPTURE(name, gelu);
  constexpr std::int64_t kRows = 20, kIn = 128, kOut = 70, kWrong = 7;
  const PackedMatrix matrix = Int8Layer(kIn, kOut, 1).packed(*kernels);
  Floats x = test::normal(kRows * kIn, 1, 2), y(kRows * kOut), with_nan(y.size());
  dense(matrix, x.data(), kRows, gelu, y.data(), test::single_worker(), test::workspace);
  x[kWrong * kIn + 33] = NAN;
  dense(matrix, x.data(), kRows, gelu, with_nan.data(), test::single_worker(), test::workspace);
  for (std::size_t i = 0; i < y.size(); ++i)
    if (i / kOut == kWrong)
      REQUIRE(std::isnan(with_nan[i]));
    else
      REQUIRE(with_nan[i] == y[i]);
}

TEST_CASE("the bits of an int8 product depend neither on the other rows nor on the workers") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  CHECK(test::rows_are_independent(Int8Layer(1300, 70, 5).packed(*kernels)));
  CHECK(test::rows_are_independent(Int8Layer(1344, 70, 5).packed(*kernels)));
}
