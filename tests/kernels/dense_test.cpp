// Dense layers against plain loops in double.
#include "checkpoint/weight_source.hpp"
#include "kernels/dense.hpp"
#include "kernels/every_kernel_table.hpp"
#include "kernels/plain_loops.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace sciexam;

namespace {

using test::at;
using test::Floats;
using test::gelu;
using test::normal;

struct Layer {
  std::int64_t in, out;
  Floats weight, bias;

  Layer(std::int64_t in_features, std::int64_t out_features, unsigned seed)
      : in(in_features), out(out_features),
        weight(normal(static_cast<std::size_t>(in * out), 1 / std::sqrt(static_cast<float>(in)), seed)),
        bias(normal(static_cast<std::size_t>(out), 0.5F, seed + 1)) {}

  PackedMatrix packed(const KernelTable& kernels) const {
    PackedMatrix matrix(in, out, StoredWeights::f32, kernels);
    const std::size_t part = weight.size() / 3; // as if they came in two chunks
    matrix.place(static_cast<std::int64_t>(part), std::span(weight).subspan(part));
    matrix.place(0, std::span(weight).first(part));
    std::copy(bias.begin(), bias.end(), matrix.bias());
    return matrix;
  }

  /// Stored as f16; this layer's weights are rounded to that.
  PackedMatrix packed_as_halves(const KernelTable& kernels) {
    std::vector<std::byte> memory(1 + 2 * weight.size());
    const std::span<std::byte> halves = std::span(memory).subspan(1); // at odd addresses
    convert_from_f32(DType::f16, weight, halves);
    convert_to_f32(DType::f16, halves, weight);
    PackedMatrix matrix(in, out, StoredWeights::f16, kernels);
    const std::size_t part = weight.size() / 3;
    matrix.place_halves(static_cast<std::int64_t>(part), halves.subspan(2 * part));
    matrix.place_halves(0, halves.first(2 * part));
    std::copy(bias.begin(), bias.end(), matrix.bias());
    return matrix;
  }

  std::vector<double> operator()(const std::vector<double>& x, std::int64_t rows) const {
    std::vector<double> y;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t o = 0; o < out; ++o) {
        double sum = bias[static_cast<std::size_t>(o)];
        for (std::int64_t i = 0; i < in; ++i)
          sum += x[at(row, in, i)] * static_cast<double>(weight[at(o, in, i)]);
        y.push_back(sum);
      }
    return y;
  }
};

std::vector<double> normalised(std::vector<double> x, std::int64_t size, const Floats& weight, const Floats& bias,
                               double eps) {
  for (std::size_t row = 0; row < x.size(); row += static_cast<std::size_t>(size)) {
    double mean = 0, variance = 0;
    for (std::int64_t i = 0; i < size; ++i)
      mean += x[row + static_cast<std::size_t>(i)] / static_cast<double>(size);
    for (std::int64_t i = 0; i < size; ++i)
      variance += std::pow(x[row + static_cast<std::size_t>(i)] - mean, 2) / static_cast<double>(size);
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i)
      x[row + i] = (x[row + i] - mean) / std::sqrt(variance + eps) * static_cast<double>(weight[i]) +
                   static_cast<double>(bias[i]);
  }
  return x;
}

double largest_difference(const Floats& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  return largest;
}

std::vector<double> in_double(const Floats& values) {
  return {values.begin(), values.end()};
}

} // namespace

TEST_CASE("a packed dense layer equals plain loops, for all edge shapes") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const auto rows = GENERATE(1, 5, 6, 14, 97, 203);
  const auto [in, out] =
      GENERATE(table<int, int>({{64, 64}, {256, 32}, {257, 33}, {20, 1}, {520, 7}, {600, 64}, {1, 48}}));
  CAPTURE(name, rows, in, out);
  const bool halves = GENERATE(false, true);
  CAPTURE(halves);
  Layer layer(in, out, 1);
  const PackedMatrix matrix = halves ? layer.packed_as_halves(*kernels) : layer.packed(*kernels);
  const Floats x = normal(static_cast<std::size_t>(rows * in), 1, 3);
  Floats y(static_cast<std::size_t>(rows * out), std::nanf(""));
  const bool with_gelu = rows % 2 == 1;
  dense(matrix, x.data(), rows, with_gelu, y.data(), test::three_workers(), test::workspace);
  std::vector<double> expected = layer(in_double(x), rows);
  if (with_gelu)
    std::transform(expected.begin(), expected.end(), expected.begin(), gelu);
  CHECK(largest_difference(y, expected) < 5e-6); // sums of some 500 numbers around 1 in f32
}

TEST_CASE("GELU is as exact as what follows needs, also far from zero") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const StoredWeights stored = GENERATE(StoredWeights::f32, StoredWeights::bf16);
  CAPTURE(name, stored);
  const float one = 1;
  PackedMatrix identity(1, 1, stored, *kernels);
  if (stored == StoredWeights::f32)
    identity.place(0, {&one, 1});
  else
    identity.place_halves(0, std::as_bytes(std::span(&one, 1)).last(2)); // the upper half is the bf16 number
  identity.complete();
  Floats x;
  for (int i = -4000; stored == StoredWeights::f32 && i <= 4000; ++i)
    x.push_back(static_cast<float>(i) / 400);
  for (int i = -255; i <= 255; ++i) // numbers that bf16 has
    for (const float step : {0x1p-15F, 0x1p-6F, 0x1p-5F})
      x.push_back(static_cast<float>(i) * step);
  x.insert(x.end(), {-0x1p99F, -100, 100, 0x1p99F, 0});
  Floats y(x.size());
  dense(identity, x.data(), static_cast<std::int64_t>(x.size()), true, y.data(), test::single_worker(),
        test::workspace);
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(x[i], y[i]);
    const auto exactly = static_cast<double>(x[i]);
    REQUIRE(std::abs(static_cast<double>(y[i]) - gelu(exactly)) <= test::gelu_error(stored, exactly));
  }
}

TEST_CASE("a row's bits depend neither on the other rows nor on the workers") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  CHECK(test::rows_are_independent(Layer(300, 70, 5).packed(*kernels)));
}

TEST_CASE("what a layer does after attention equals plain loops") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const std::int64_t rows = GENERATE(1, 7, 50, 400);
  CAPTURE(name, rows);
  const std::int64_t size = 36, inner = 100;
  const Layer first(size, size, 10), up(size, inner, 20), down(inner, size, 30);
  const Floats context = normal(static_cast<std::size_t>(rows * size), 1, 40),
               hidden = normal(static_cast<std::size_t>(rows * size), 1, 50), gamma = normal(size, 1, 60),
               beta = normal(size, 1, 70);
  const PackedMatrix packed_first = first.packed(*kernels), packed_up = up.packed(*kernels),
                     packed_down = down.packed(*kernels);
  const LayerTail tail{
      &packed_first, &packed_up, &packed_down, {gamma.data(), beta.data(), 1e-7F}, {beta.data(), gamma.data(), 1e-3F}};

  std::vector<double> attended = first(in_double(context), rows);
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < size; ++i)
      attended[at(row, size, i)] += static_cast<double>(hidden[at(row, size, i)]);
  attended = normalised(attended, size, gamma, beta, 1e-7);
  std::vector<double> activated = up(attended, rows);
  std::transform(activated.begin(), activated.end(), activated.begin(), gelu);
  std::vector<double> expected = down(activated, rows);
  for (std::size_t i = 0; i < expected.size(); ++i)
    expected[i] += attended[i];
  expected = normalised(expected, size, beta, gamma, 1e-3);

  Floats y(static_cast<std::size_t>(rows * size));
  finish_layer(tail, context.data(), hidden.data(), rows, y.data(), test::three_workers(), test::workspace);
  CHECK(largest_difference(y, expected) < 2e-5); // after two normalisations of numbers around 1 in f32
}
