#include "kernels/dropout_mask.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("dropout zeroes its share of the elements and scales the others") {
  const std::vector<float> ones(100'000, 1.0F);
  std::vector<float> out(ones.size());
  apply_dropout({7, {1, 2, 3}}, 0, 0.1, ones.data(), out.data(), ones.size());
  std::size_t zeros = 0;
  for (const float value : out) {
    CHECK_FALSE((value != 0 && value != 1.0F / 0.9F));
    zeros += value == 0;
  }
  CHECK(std::abs(static_cast<double>(zeros) / 1e5 - 0.1) < 0.004); // four standard deviations
}

TEST_CASE("a part of a mask is the same as that part of the whole mask") {
  std::vector<double> values(1000), whole(values.size()), parts(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i + 1);
  const RandomStream stream{3, {4, 5, 6}};
  apply_dropout(stream, 0, 0.5, values.data(), whole.data(), values.size());
  std::size_t first = 0;
  for (const std::size_t end : {320, 321, 350, 352, 960, 1000}) { // groups have 32 elements
    apply_dropout(stream, first, 0.5, &values[first], &parts[first], end - first);
    first = end;
  }
  CHECK(whole == parts);
}
