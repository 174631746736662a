#include "report/scale.hpp"

#include <cmath>
#include <limits>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace sciexam;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

std::vector<std::string> labels(double low, double high, bool logarithmic = false, int most = 5) {
  std::vector<std::string> found;
  for (const Tick& tick : Scale(low, high, logarithmic, 0).ticks(most))
    found.push_back(tick.label);
  return found;
}

using Labels = std::vector<std::string>;

} // namespace

TEST_CASE("ticks are multiples of 1, 2 or 5 times a power of ten") {
  CHECK(labels(0, 1) == Labels{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(0, 10) == Labels{"0", "2", "4", "6", "8", "10"});
  CHECK(labels(0.31, 0.62) == Labels{"0.4", "0.5", "0.6"});
  CHECK(labels(-3, 4) == Labels{"-2", "0", "2", "4"});
  CHECK(labels(0, 2000) == Labels{"0", "500", "1000", "1500", "2000"});
  CHECK(labels(1, 10000) == Labels{"2k", "4k", "6k", "8k", "10k"});
  CHECK(labels(0, 2e-5) == Labels{"0", "5e-6", "1e-5", "1.5e-5", "2e-5"});
  CHECK(labels(0, 3e6) == Labels{"0", "1M", "2M", "3M"});
}

TEST_CASE("a single value gets a range around it") {
  CHECK(labels(1.5, 1.5) == Labels{"1.4", "1.5", "1.6"});
  CHECK(labels(0, 0) == Labels{"-1.0", "-0.5", "0", "0.5", "1.0"});
  CHECK(labels(1e12, 1e12).size() >= 3);
  CHECK_THAT(Scale(-7, -7, false, 0).position(-7), WithinAbs(0.5, 1e-12));
  CHECK_THAT(Scale(5, 5, true, 0).position(5), WithinAbs(0.5, 1e-12));
}

TEST_CASE("decades are the ticks of a logarithmic axis, 2 and 5 where they are few") {
  CHECK(labels(0.01, 100, true) == Labels{"0.01", "0.1", "1", "10", "100"});
  CHECK(labels(0.5, 20, true) == Labels{"0.5", "1", "2", "5", "10", "20"});
  CHECK(labels(1.1, 1.5, true) == Labels{"1.1", "1.2", "1.3", "1.4", "1.5"});
  CHECK(labels(1e-20, 1e20, true).size() <= 6);
}

TEST_CASE("positions and values are each other's inverse") {
  for (const bool logarithmic : {false, true}) {
    const Scale scale(0.2, 40, logarithmic, 0.05);
    for (const double value : {0.2, 1.0, 7.5, 40.0})
      CHECK_THAT(scale.value(scale.position(value)), WithinRel(value, 1e-12));
    CHECK(scale.position(0.2) > 0.04);
    CHECK(scale.position(40) < 0.96);
  }
}

TEST_CASE("numbers that are not finite or would overflow are not drawn") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {std::nan(""), infinity, -infinity, 1e301, -1e308})
    CHECK_FALSE(Scale::drawable(value, false));
  CHECK(Scale::drawable(-1, false));
  CHECK(Scale::drawable(0, false));
  for (const double value : {0.0, -1.0, 5e-324})
    CHECK_FALSE(Scale::drawable(value, true));
}

TEST_CASE("awkward ranges have few ticks, inside the range, rising, with different labels") {
  const std::vector<std::pair<double, double>> ranges = {
      {1e-12, 3e-12},   {1e12, 1.00001e12}, {-1e12, 1e12},    {-5, -4.999},
      {1e-300, 1e-299}, {-9e299, 9e299},    {0, 1e-290},      {0.1, 0.3},
      {1e5, 1e5 + 1},   {999999, 1000001},  {-1e-9, 1e9},     {0.9999999, 1.0000001},
      {1, 1 + 1e-15},   {3, 3.1},           {123.4, 8765.4},  {0, 5e-324},
      {1e8, 2e9},       {2e-4, 1e-3},       {1e-290, 2e-290}, {1, 1e300},
      {7, 70},          {1e-5, 0.3},
  };
  for (const auto& [low, high] : ranges)
    for (const bool logarithmic : {false, true})
      for (int most = 1; most <= 8; ++most) {
        if (logarithmic && !(Scale::drawable(low, true) && Scale::drawable(high, true)))
          continue;
        CAPTURE(low, high, logarithmic, most);
        const Scale scale(low, high, logarithmic, 0.05);
        const std::vector<Tick> ticks = scale.ticks(most);
        CHECK(ticks.size() <= static_cast<std::size_t>(logarithmic ? std::max(most + 1, 10) : most + 1));
        CHECK((!ticks.empty() || most == 1));
        std::set<std::string> different;
        double last = -std::numeric_limits<double>::infinity();
        for (const Tick& tick : ticks) {
          CHECK(tick.value > last);
          last = tick.value;
          CHECK(scale.position(tick.value) > -1e-6);
          CHECK(scale.position(tick.value) < 1 + 1e-6);
          CHECK(tick.label.size() <= 16);
          different.insert(tick.label);
        }
        CHECK(different.size() == ticks.size());
      }
}
