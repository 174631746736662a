#include "report/style.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// Relative luminance of the `which`-th definition (0 light, 1 dark) of a colour "#rrggbb" (WCAG 2.1).
double luminance(const std::string& name, int which) {
  const std::string definition = "--" + name + ": #";
  std::size_t at = style_sheet().find(definition);
  if (which == 1)
    at = style_sheet().find(definition, at + 1);
  REQUIRE(at != std::string_view::npos);
  const auto channel = [&](std::size_t i) {
    const std::string digits(style_sheet().substr(at + definition.size() + 2 * i, 2));
    const double c = std::stoi(digits, nullptr, 16) / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
}

double contrast(const std::string& a, const std::string& b, int which) {
  const double x = luminance(a, which), y = luminance(b, which);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

} // namespace

TEST_CASE("all text has a contrast of 4.5 to 1, in light and dark mode") {
  for (const int which : {0, 1}) {
    for (const std::string ground : {"ground", "card", "notice"})
      CHECK(contrast("text", ground, which) >= 7);
    for (const std::string ground : {"ground", "card"})
      CHECK(contrast("muted", ground, which) >= 4.5);
    for (const std::string series : {"c0", "c1", "c2", "c3", "c4", "c5"}) {
      CAPTURE(series, which);
      CHECK(contrast(series, "card", which) >= 4.5);
    }
  }
}

TEST_CASE("the style sheet loads nothing") {
  CHECK(style_sheet().find("url(") == std::string_view::npos);
  CHECK(style_sheet().find("@import") == std::string_view::npos);
  CHECK(style_sheet().find("http") == std::string_view::npos);
}
