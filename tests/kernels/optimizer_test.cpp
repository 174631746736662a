#include "kernels/optimizer.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

struct State {
  std::vector<float> parameter, gradient, exp_avg, exp_avg_sq;

  explicit State(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto x = static_cast<float>(i);
      parameter.push_back(std::sin(x));
      gradient.push_back(std::cos(3 * x) * 0.01F);
      exp_avg.push_back(std::sin(2 * x) * 0.001F);
      exp_avg_sq.push_back(std::abs(std::sin(x)) * 1e-5F);
    }
  }
};

const AdamWStep kStep{.beta1 = 0.9F,
                      .beta2 = 0.99F,
                      .epsilon = 1e-6F,
                      .rest1 = 0.1F,
                      .rest2 = 0.01F,
                      .gradient_scale = 0.5F,
                      .step_size = 0.01F,
                      .root_scale = 1.25F,
                      .decay_before = 0.999F,
                      .decay_after = 0.998F};

} // namespace

TEST_CASE("an AdamW step follows its formula, in double, for every number of elements") {
  for (const std::size_t count : {1U, 7U, 8U, 9U, 64U, 1003U}) {
    State state(count);
    const State before = state;
    adamw_update(kStep, state.parameter, state.gradient, state.exp_avg, state.exp_avg_sq);
    for (std::size_t i = 0; i < count; ++i) {
      const double g = 0.5 * static_cast<double>(before.gradient[i]);
      const double m = 0.9 * static_cast<double>(before.exp_avg[i]) + 0.1 * g;
      const double v = 0.99 * static_cast<double>(before.exp_avg_sq[i]) + 0.01 * g * g;
      const double expected =
          (static_cast<double>(before.parameter[i]) * 0.999 - 0.01 * m / (std::sqrt(v) * 1.25 + 1e-6)) * 0.998;
      CHECK(std::abs(static_cast<double>(state.exp_avg[i]) - m) < 1e-9);
      CHECK(std::abs(static_cast<double>(state.exp_avg_sq[i]) - v) < 1e-11);
      CHECK(std::abs(static_cast<double>(state.parameter[i]) - expected) < 5e-7);
    }
  }
}

TEST_CASE("no gradient counts as a gradient of zeros, to the bit") {
  State with(19), without(19);
  with.gradient.assign(19, 0.0F);
  adamw_update(kStep, with.parameter, with.gradient, with.exp_avg, with.exp_avg_sq);
  adamw_update(kStep, without.parameter, {}, without.exp_avg, without.exp_avg_sq);
  CHECK(with.parameter == without.parameter);
  CHECK(with.exp_avg == without.exp_avg);
  CHECK(with.exp_avg_sq == without.exp_avg_sq);
}

TEST_CASE("a step over parts equals the step over the whole, to the bit") {
  State whole(101), parts(101);
  adamw_update(kStep, whole.parameter, whole.gradient, whole.exp_avg, whole.exp_avg_sq);
  for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 13}, {13, 88}})
    adamw_update(kStep, std::span(parts.parameter).subspan(first, count),
                 std::span<const float>(parts.gradient).subspan(first, count),
                 std::span(parts.exp_avg).subspan(first, count), std::span(parts.exp_avg_sq).subspan(first, count));
  CHECK(whole.parameter == parts.parameter);
}

TEST_CASE("sums of squares are exact where doubles are") {
  for (const std::size_t count : {0U, 1U, 8U, 1001U}) {
    std::vector<float> values;
    double expected = 0;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(i) * 0.5F);
      expected += static_cast<double>(values.back()) * static_cast<double>(values.back());
    }
    CHECK(sum_of_squares(values) == expected);
  }
}

TEST_CASE("the average moves towards the value by its fraction") {
  std::vector<float> average(11, 1.0F);
  const std::vector<float> value(11, 3.0F);
  update_average(0.75F, average, value);
  CHECK(average == std::vector<float>(11, 1.5F));
}
