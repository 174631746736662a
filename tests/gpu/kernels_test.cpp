// Every kernel against a plain twin in double on the same f16 numbers, over odd shapes.
#include "gpu/device_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// Results are rounded to f16 once, half a step; the rest is the sums' own rounding.
constexpr double kSteps = 0.6;
/// Those in two parts: the rest is rounded likewise, and f32's sums count.
constexpr double kStepsOfParts = 4e-3;

DeviceArray copy(const Numbers& rows, std::size_t width, bool parts) {
  return DeviceArray::halves(parts ? in_parts(rows, width) : rows);
}

Numbers read(const DeviceArray& rows, std::size_t width, bool parts) {
  return parts ? joined(rows.read(), width) : rows.read();
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

struct ProductCase {
  int m, n, k;
  bool gelu, residual;
  bool parts = false;
};

void check_product(std::size_t tile, const ProductCase& shape) {
  INFO(kProductTiles[tile].kernel << " of " << shape.m << " x " << shape.n << " x " << shape.k << ", in parts "
                                  << shape.parts);
  const auto [m, n, k, with_gelu, with_residual, parts] = shape;
  const int x_stride = parts ? k : k + 8, y_stride = n + 8; // of one part
  const auto size = [](int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  const auto random = parts ? random_floats : random_halves;
  const Numbers x = random(size(m, x_stride), 1, 1),
                w = random_halves(size(n, k), 2, 1 / std::sqrt(static_cast<float>(k))),
                bias = random_floats(size(n, 1), 3), residual = random(size(m, y_stride), 4, 1);
  const Numbers before(size(m, y_stride), -7);
  Numbers w_twice;
  for (auto row = w.begin(); parts && row != w.end(); row += k)
    for (int i = 0; i < 2; ++i)
      w_twice.insert(w_twice.end(), row, row + k);
  const DeviceArray on_x = copy(x, size(x_stride, 1), parts), on_w = DeviceArray::halves(parts ? w_twice : w),
                    on_bias = DeviceArray::floats(bias), on_residual = copy(residual, size(y_stride, 1), parts),
                    on_y = copy(before, size(y_stride, 1), parts);
  Product product{};
  product.x = on_x;
  product.w = on_w;
  product.bias = on_bias;
  product.residual = with_residual ? on_residual.address() : 0;
  product.y = on_y;
  product.x_stride = parts ? 2 * x_stride : x_stride;
  product.y_stride = parts ? 2 * y_stride : y_stride;
  product.rest = parts ? y_stride : 0;
  product.m = m;
  product.n = n;
  product.k = parts ? 2 * k : k;
  product.gelu = static_cast<int>(with_gelu);
  device_kernels().product_with(tile, product, nullptr);

  std::vector<double> expected(size(m, y_stride), -7); // memory between the rows stays as it is
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = bias[size(j, 1)];
      for (int l = 0; l < k; ++l)
        sum += static_cast<double>(x[size(i, x_stride) + size(l, 1)]) * w[size(j, k) + size(l, 1)];
      const std::size_t at = size(i, y_stride) + size(j, 1);
      expected[at] = (with_gelu ? gelu(sum) : sum) + (with_residual ? residual[at] : 0);
    }
  CHECK(halves_apart(read(on_y, size(y_stride, 1), parts), expected) < (parts ? kStepsOfParts : kSteps));
}

} // namespace

TEST_CASE("matrix products equal their twin, with every tile, odd shapes, GELU and residual") {
  for (std::size_t tile = 0; tile < kProductTiles.size(); ++tile) {
    for (const ProductCase& shape : {ProductCase{1, 2, 8, false, false},
                                     {7, 48, 48, true, false},
                                     {33, 130, 40, false, true},
                                     {64, 64, 32, true, true},
                                     {129, 136, 96, false, true},
                                     {130, 258, 200, true, false},
                                     {33, 130, 40, false, true, true},
                                     {70, 64, 48, true, false, true}})
      check_product(tile, shape);
  }
}

TEST_CASE("a product of 512 rows equals its twin") {
  check_product(0, {512, 128, 128, false, true});
}

TEST_CASE("a tuned tile serves similar sizes, and results do not depend on it") {
  const Numbers x = random_halves(64 * 32, 5), w = random_halves(64 * 32, 6), bias = random_floats(64, 7);
  const DeviceArray on_x = DeviceArray::halves(x), on_w = DeviceArray::halves(w), on_bias = DeviceArray::floats(bias),
                    on_y = DeviceArray::halves(Numbers(64 * 64));
  Product product{};
  product.x = on_x;
  product.w = on_w;
  product.bias = on_bias;
  product.y = on_y;
  product.x_stride = product.k = 32;
  product.y_stride = product.n = 64;
  product.m = 64;
  std::vector<Numbers> results;
  for (std::size_t tile = 0; tile < kProductTiles.size(); ++tile) {
    device_kernels().product_with(tile, product, nullptr);
    results.push_back(on_y.read());
  }
  CHECK(results[1] == results[0]);
  CHECK(results[2] == results[0]);
  device_kernels().tune(product, nullptr);
  CHECK(device_kernels().tuning().ends_with(" for 64 x 64 x 32"));
}

TEST_CASE("layer norm equals its twin for rows of every width") {
  for (const int width : {8, 48, 256, 768, 1032, 2048})
    for (const auto& [rows, parts] : {std::pair(1, false), {7, false}, {33, false}, {7, true}}) {
      INFO(rows << " rows of " << width << ", in parts " << parts);
      const auto size = static_cast<std::size_t>(width), count = static_cast<std::size_t>(rows) * size;
      Numbers x = random_floats(count, 1, 3);
      std::transform(x.begin(), x.end(), x.begin(), [](float value) { return value + 16; }); // a mean to be removed
      const Numbers weight = random_floats(size, 2), bias = random_floats(size, 3);
      const DeviceArray on_x = copy(x, size, parts), on_weight = DeviceArray::floats(weight),
                        on_bias = DeviceArray::floats(bias), on_y = copy(Numbers(count), size, parts);
      x = read(on_x, size, parts);
      device_kernels().layer_norm(on_x, {on_weight, on_bias}, on_y, rows, width, parts ? width : 0, 1e-3F, nullptr);
      std::vector<double> expected(count);
      for (std::size_t first = 0; first < count; first += size) {
        const auto row = x.begin() + static_cast<std::ptrdiff_t>(first);
        const double mean = std::accumulate(row, row + width, 0.0) / width;
        double variance = 0;
        for (std::size_t i = 0; i < size; ++i)
          variance += (x[first + i] - mean) * (x[first + i] - mean) / width;
        for (std::size_t i = 0; i < size; ++i)
          expected[first + i] = (x[first + i] - mean) / std::sqrt(variance + 1e-3F) * weight[i] + bias[i];
      }
      CHECK(halves_apart(read(on_y, size, parts), expected) < (parts ? kStepsOfParts : kSteps));
    }
}

TEST_CASE("embeddings are the sums of their tables' rows") {
  for (const auto& [all_tables, parts] : {std::pair(false, false), {true, false}, {true, true}})
    for (const int tokens : {1, 7, 33}) {
      constexpr std::size_t kWidth = 264;
      const Numbers words = random_halves(11 * kWidth, 1), positions = random_halves(40 * kWidth, 2),
                    types = random_halves(2 * kWidth, 3);
      std::vector<std::int32_t> ids, places, kinds;
      for (int i = 0; i < tokens; ++i) {
        ids.push_back(i * 7 % 11);
        places.push_back(i);
        kinds.push_back(i % 2);
      }
      const DeviceArray on_words = DeviceArray::halves(words), on_positions = DeviceArray::halves(positions),
                        on_types = DeviceArray::halves(types), on_ids = DeviceArray::integers(ids),
                        on_places = DeviceArray::integers(places), on_kinds = DeviceArray::integers(kinds),
                        on_sum = copy(Numbers(static_cast<std::size_t>(tokens) * kWidth), kWidth, parts);
      DeviceKernels::Lookup lookup{.words = on_words, .ids = on_ids, .places = on_places, .type_ids = on_kinds};
      if (all_tables) {
        lookup.positions = on_positions;
        lookup.types = on_types;
      }
      device_kernels().embed(lookup, on_sum, tokens, kWidth, parts ? kWidth : 0, nullptr);
      std::vector<double> expected;
      for (int i = 0; i < tokens; ++i)
        for (std::size_t j = 0; j < kWidth; ++j) {
          const auto row = [&](const Numbers& table, const std::vector<std::int32_t>& rows) {
            return static_cast<double>(table[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]) * kWidth + j]);
          };
          expected.push_back(row(words, ids) + (all_tables ? row(positions, places) + row(types, kinds) : 0));
        }
      CHECK(halves_apart(read(on_sum, kWidth, parts), expected) <= (parts ? kStepsOfParts : all_tables ? kSteps : 0));
    }
}

TEST_CASE("first tokens are copied, and the classifier equals its twin with every activation") {
  constexpr int kWidth = 72, kSequences = 9;
  const Numbers x = random_halves(40 * kWidth, 1), weight = random_floats(kWidth, 2), bias = random_floats(1, 3);
  const std::vector<std::int32_t> offsets = {0, 1, 8, 9, 17, 20, 21, 30, 35, 40};
  const DeviceArray on_x = DeviceArray::halves(x), on_weight = DeviceArray::floats(weight),
                    on_bias = DeviceArray::floats(bias), on_offsets = DeviceArray::integers(offsets),
                    on_first = DeviceArray::halves(Numbers(kSequences * kWidth)),
                    on_logits = DeviceArray::floats(Numbers(kSequences));
  device_kernels().first_tokens(on_x, on_offsets, on_first, kSequences, kWidth, nullptr);
  const Numbers first = on_first.read();
  for (std::size_t s = 0; s < kSequences; ++s)
    CHECK(std::equal(first.begin() + static_cast<std::ptrdiff_t>(s * kWidth),
                     first.begin() + static_cast<std::ptrdiff_t>((s + 1) * kWidth),
                     x.begin() + std::ptrdiff_t{offsets[s]} * kWidth));

  const Numbers exact = random_floats(first.size(), 4);
  const DeviceArray on_exact = copy(exact, kWidth, true);
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  const std::vector<std::pair<DeviceActivation, std::function<double(double)>>> activations = {
      {DeviceActivation::linear, [](double z) { return z; }},
      {DeviceActivation::gelu, gelu},
      {DeviceActivation::gelu_tanh,
       [](double z) { return 0.5 * z * (1 + std::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z))); }},
      {DeviceActivation::tanh, [](double z) { return std::tanh(z); }},
      {DeviceActivation::relu, [](double z) { return std::max(z, 0.0); }},
      {DeviceActivation::silu, [&](double z) { return z * sigmoid(z); }},
      {DeviceActivation::sigmoid, sigmoid}};
  for (const auto& [activation, twin] : activations) {
    INFO("activation " << static_cast<int>(activation));
    for (const bool parts : {false, true}) {
      const Numbers& rows = parts ? exact : first;
      device_kernels().classify(parts ? on_exact : on_first, {on_weight, on_bias, 1, kWidth}, on_logits, kSequences,
                                parts ? kWidth : 0, activation, nullptr);
      const Numbers logits = on_logits.read();
      for (std::size_t s = 0; s < kSequences; ++s) {
        double expected = bias[0];
        for (std::size_t i = 0; i < kWidth; ++i)
          expected += twin(rows[s * kWidth + i]) * weight[i];
        CHECK(std::abs(logits[s] - expected) < 2e-5);
      }
    }
  }
}
