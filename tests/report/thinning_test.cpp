#include "report/thinning.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace sciexam;
using Catch::Matchers::WithinAbs;

namespace {

const double kGap = std::nan("");

/// "xxx xx": a letter for each point, a blank for each gap.
std::string form(const Points& points) {
  std::string text;
  for (const auto& point : points)
    text += std::isfinite(point.second) ? 'x' : ' ';
  return text;
}

} // namespace

TEST_CASE("thinning keeps the smallest and the largest value of every column, and little else") {
  std::mt19937 random(5);
  Points points;
  std::map<double, std::pair<double, double>> extremes;
  for (int i = 0; i < 10'000; ++i) {
    const double x = i * 0.04, y = static_cast<double>(random());
    points.emplace_back(x, y);
    const auto [at, is_new] = extremes.try_emplace(std::floor(x), y, y);
    at->second = {std::min(at->second.first, y), std::max(at->second.second, y)};
  }
  const Points thinned = thin(points);
  CHECK(thinned.size() <= 2 * 400);
  CHECK(std::is_sorted(thinned.begin(), thinned.end(), [](auto& a, auto& b) { return a.first < b.first; }));
  std::map<double, std::pair<double, double>> kept;
  for (const auto& [x, y] : thinned) {
    const auto [at, is_new] = kept.try_emplace(std::floor(x), y, y);
    at->second = {std::min(at->second.first, y), std::max(at->second.second, y)};
  }
  CHECK(kept == extremes);
}

TEST_CASE("points that can all be seen stay as they are") {
  const Points points = {{0, 5}, {1, 3}, {2.5, 4}, {2.6, 1}, {9, 2}};
  CHECK(thin(points) == points);
  CHECK(thin({}).empty());
}

TEST_CASE("a gap between columns is kept, one inside a column or at the ends is not") {
  CHECK(form(thin({{0, 1}, {1, kGap}, {2, 1}, {3, 1}})) == "x xx");
  CHECK(form(thin({{0, 1}, {0.2, kGap}, {0.4, 2}, {1, 1}})) == "xxx");
  CHECK(form(thin({{0, kGap}, {1, 1}, {2, 1}, {3, kGap}})) == "xx");
  CHECK(form(thin({{0, kGap}, {1, kGap}})).empty());
  Points dense;
  for (int i = 0; i < 10'000; ++i)
    dense.emplace_back(i * 0.01, i % 2 == 0 ? i : kGap);
  CHECK(thin(dense).size() <= 3 * 100);
}

TEST_CASE("the moving average begins at the first value and follows the series") {
  const Points constant = exponential_moving_average({{0, 3}, {1, 3}, {2, 3}}, 10);
  for (const auto& [x, y] : constant)
    CHECK_THAT(y, WithinAbs(3, 1e-12));
  // window 3: alpha 1/2; the second value is (1/4 * 0 + 1/2 * 6) / (3/4)
  const Points two = exponential_moving_average({{0, 0}, {1, 6}}, 3);
  CHECK_THAT(two[0].second, WithinAbs(0, 1e-12));
  CHECK_THAT(two[1].second, WithinAbs(4, 1e-12));
}

TEST_CASE("the moving average skips gaps") {
  const Points averages = exponential_moving_average({{0, 0}, {1, kGap}, {2, 6}}, 3);
  CHECK(form(averages) == "x x");
  CHECK_THAT(averages[2].second, WithinAbs(4, 1e-12));
}

TEST_CASE("few points are not smoothed, many over a fortieth of them") {
  CHECK(smoothing_window(Points(49, {0, 1})) == 1);
  CHECK(smoothing_window(Points(2000, {0, 1})) == 50);
  CHECK(smoothing_window(Points(2000, {0, kGap})) == 1);
}
