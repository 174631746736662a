#include "catch_beside_torch.hpp"
#include "inference/device_check.hpp"

#include <cmath>

#include <catch2/catch_approx.hpp>

using namespace sciexam;
using Catch::Approx;

TEST_CASE("errors of logits are summed up by mean, quantiles and maximum") {
  std::vector<float> found(10, 0.5F);
  std::vector<double> expected(10, 0.5);
  expected[3] += 0.001;
  expected[7] -= 0.003;
  const LogitErrors errors = compare_logits(found, expected);
  CHECK(errors.count == 10);
  CHECK(errors.mean == Approx(0.0004));
  CHECK(errors.quantile_90 == Approx(0.001)); // nine of ten are no larger
  CHECK(errors.quantile_99 == Approx(0.003));
  CHECK(errors.maximum == Approx(0.003));
  CHECK(errors.pass());
}

TEST_CASE("the gate is 0.005, in proportion to logits beyond 1, and NaN never passes") {
  const std::vector<double> small = {0.2}, large = {-4, 0.2};
  CHECK_FALSE(compare_logits(std::vector<float>{0.2055F}, small).pass());
  CHECK(compare_logits(std::vector<float>{0.2045F}, small).pass());
  CHECK(compare_logits(std::vector<float>{-4, 0.218F}, large).pass());
  CHECK_FALSE(compare_logits(std::vector<float>{-4, 0.222F}, large).pass());
  CHECK_FALSE(compare_logits(std::vector<float>{NAN}, small).pass());
  CHECK_FALSE(compare_logits(std::vector<float>{-4}, large).pass()); // one is missing
}
