#include "kernels/every_kernel_table.hpp"
#include "kernels/int8_weights.hpp"
#include "kernels/plain_loops.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

constexpr std::int64_t kIn = 128, kOut = 48;

/// Normally distributed, with a few inputs much larger than the others, as after LayerNorms of large models.
InputSample sample_with_outliers(float outlier) {
  InputSample sample{.rows = test::normal(64 * kIn, 1, 1), .largest = std::vector<float>(kIn)};
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    const std::size_t input = i % kIn;
    if (input % 40 == 3)
      sample.rows[i] *= outlier;
    sample.largest[input] = std::max(sample.largest[input], std::abs(sample.rows[i]));
  }
  return sample;
}

Int8Weights rounded(const InputSample& sample) {
  return round_to_int8(test::normal(kIn * kOut, 0.05F, 2), kIn, sample, test::single_worker(), test::workspace);
}

/// Without knowledge of the inputs' sizes there is no smoothing.
InputSample unknown_sizes(InputSample sample) {
  std::fill(sample.largest.begin(), sample.largest.end(), 0.0F);
  return sample;
}

} // namespace

TEST_CASE("int8 weights approximate the weights to half a step of their output's scale") {
  const test::Floats weight = test::normal(kIn * kOut, 0.05F, 2);
  for (const InputSample& sample : {sample_with_outliers(100), unknown_sizes(sample_with_outliers(1))}) {
    const Int8Weights int8 = rounded(sample);
    for (std::int64_t o = 0; o < kOut; ++o)
      for (std::int64_t i = 0; i < kIn; ++i) {
        const std::size_t at = test::at(o, kIn, i);
        const float unit = int8.scales[static_cast<std::size_t>(o)] * int8.input_factors[static_cast<std::size_t>(i)];
        REQUIRE(std::abs(static_cast<float>(int8.weights[at]) * unit - weight[at]) <= 0.5001F * unit);
        REQUIRE(int8.weights[at] >= -127);
      }
  }
}

TEST_CASE("negligible weights become zeros") {
  test::Floats weight = test::normal(kIn * kOut, 0.05F, 2);
  std::fill_n(weight.begin(), kIn, 1e-40F); // 1 over their scale is beyond f32
  const Int8Weights int8 = round_to_int8(weight, kIn, sample_with_outliers(1), test::single_worker(), test::workspace);
  CHECK(std::count(int8.weights.begin(), int8.weights.begin() + kIn, 0) == kIn);
  CHECK(std::isfinite(int8.error));
  CHECK(int8.error < 0.015);
}

TEST_CASE("smoothing removes most of the error that outliers among the inputs cause") {
  const InputSample sample = sample_with_outliers(100);
  const double plain = rounded(unknown_sizes(sample)).error, smoothed = rounded(sample).error;
  CAPTURE(plain, smoothed);
  CHECK(plain < 0.2);
  CHECK(smoothed < 0.5 * plain);
  CHECK(smoothed > 0);
}

TEST_CASE("without outliers the error is that of rounding to int8") {
  // Both factors are rounded to some 127 steps of their maximum, which is about 3 deviations: 3 / 127 / sqrt(12) each.
  CHECK(rounded(sample_with_outliers(1)).error < 0.015);
}
