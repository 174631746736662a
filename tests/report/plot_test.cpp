#include "report/bar_plot.hpp"
#include "report/line_plot.hpp"
#include "report/tags.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;
using test::markup_fault;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

LinePlot one_line(std::vector<std::pair<double, double>> points) {
  return {.title = "loss", .x_label = "step", .y_label = "nats", .series = {{"run 0", std::move(points)}}};
}

std::vector<std::pair<double, double>> noise(int length) {
  std::mt19937 random(3);
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < length; ++i)
    points.emplace_back(i, 1 + static_cast<double>(random() % 1000) / 1000);
  return points;
}

/// Checks that markup contains no NaN or infinity and that every position is inside or near the drawing.
void check_sound(const std::string& svg) {
  CHECK(markup_fault(svg).empty());
  CHECK_THAT(svg, ContainsSubstring(R"(<svg class="plot" role="img")"));
  CHECK_THAT(svg, ContainsSubstring("<desc>"));
  const std::size_t body = svg.find("</desc>");
  CHECK(svg.find("nan", body) == std::string::npos);
  CHECK(svg.find("inf", body) == std::string::npos);
  for (std::size_t at = svg.find(" d=\"M"); at != std::string::npos; at = svg.find(" d=\"M", at + 1)) {
    const double x = std::stod(svg.substr(at + 5, 20));
    CHECK(x >= -1);
    CHECK(x <= 481);
  }
}

/// The path of the first line.
std::string line_of(const std::string& svg) {
  const std::size_t at = svg.find("class=\"line\" d=\"");
  return svg.substr(at + 16, svg.find('"', at + 16) - at - 16);
}

bool has_text(const std::string& svg, const std::string& text) {
  const auto texts = test::texts_of(svg, "text");
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// The y of every text of a class.
std::vector<double> heights_of(const std::string& svg, const std::string& text_class) {
  std::vector<double> heights;
  const std::string attribute = "class=\"" + text_class;
  for (std::size_t at = svg.find(attribute); at != std::string::npos; at = svg.find(attribute, at + 1))
    if (const std::size_t tag = svg.rfind('<', at); svg.compare(tag, 6, "<text ") == 0)
      heights.push_back(std::stod(svg.substr(svg.find(" y=\"", tag) + 4, 12)));
  return heights;
}

} // namespace

TEST_CASE("a plot shows title, labels, ticks and the last value") {
  const std::string svg = draw(one_line({{0, 1.6}, {500, 0.9}, {1000, 0.4321}}));
  check_sound(svg);
  for (const char* text : {"loss", "step", "nats", "0.5", "1.5", "200", "1000", "0.4321"}) {
    CAPTURE(text);
    CHECK(has_text(svg, text));
  }
  CHECK(test::texts_of(svg, "title").front() == "loss");
  CHECK(test::texts_of(svg, "desc").front() == "Lines over step. run 0: from 0.4321 to 1.6, last 0.4321.");
  CHECK(count(svg, "class=\"symbol\"") == 1); // the last value's; no legend for one series
}

TEST_CASE("without data a plot says so") {
  for (const std::string& svg :
       {draw(LinePlot{.title = "loss"}), draw(one_line({})), draw(one_line({{1, kNan}, {2, kInfinity}, {kNan, 1}})),
        draw(LinePlot{.title = "t", .horizontal_marks = {{1.6, "chance"}}}), draw(BarPlot{.title = "bars"}),
        draw(BarPlot{.title = "bars", .bars = {{"a", kNan}}})}) {
    check_sound(svg);
    CHECK(has_text(svg, "no data yet"));
  }
  LinePlot logarithmic = one_line({{0, 0}, {1, -2}});
  CHECK_FALSE(has_text(draw(logarithmic), "no data yet"));
  logarithmic.log_y = true;
  CHECK(has_text(draw(logarithmic), "no data yet"));
}

TEST_CASE("awkward values are drawn inside the frame") {
  const std::vector<std::vector<std::pair<double, double>>> all = {
      {{7, 3}},
      {{0, 0}},
      {{0, 2}, {1, 2}, {2, 2}},
      {{-5, -1}, {5, -3}},
      {{0, 1e-12}, {1, 3e-12}},
      {{1e12, 1e12}, {1e12 + 10, 2e12}},
      {{0, 1}, {1, kNan}, {2, kInfinity}, {3, -kInfinity}, {4, 2}},
      {{0, 1e308}, {1, -1e308}, {2, 1e299}, {3, -1e299}},
      {{1, 5e-324}, {2, 1e-310}},
      {{3, 1}, {1, 2}, {2, 3}, {2, 1}},
  };
  for (const auto& points : all)
    for (const bool log_y : {false, true}) {
      LinePlot plot = one_line(points);
      plot.log_y = log_y;
      plot.horizontal_marks = {{1.609, "chance"}, {kNan, "none"}, {-1, "below"}};
      plot.smooth = true;
      check_sound(draw(plot));
    }
}

TEST_CASE("on a logarithmic axis of x equal ratios are equally far apart, and what is not above zero is left out") {
  LinePlot plot = one_line({{-1, 1}, {0, 1}, {16, 1}, {128, 2}, {1024, 3}});
  plot.log_x = true;
  const std::string svg = draw(plot), line = line_of(svg);
  check_sound(svg);
  double first = 0, middle = 0, last = 0;
  REQUIRE(std::sscanf(line.c_str(), "M%lf,%*fL%lf,%*fL%lf,%*f", &first, &middle, &last) == 3);
  CHECK_THAT(middle - first, Catch::Matchers::WithinAbs(last - middle, 0.11));
  CHECK(has_text(svg, "20"));
  CHECK(has_text(svg, "1,000"));
}

TEST_CASE("a standalone drawing has its style sheet and a background, one in a page has neither") {
  const LinePlot plot = one_line({{0, 1}, {1, 2}});
  const std::string alone = draw(plot, Shown::alone), in_page = draw(plot);
  check_sound(alone);
  CHECK_THAT(alone, ContainsSubstring("prefers-color-scheme: dark") && ContainsSubstring("class=\"ground\"") &&
                        ContainsSubstring(R"(xmlns="http://www.w3.org/2000/svg")"));
  CHECK(alone.find("container") == std::string::npos); // nothing of the page
  CHECK(count(in_page, "<style>") + count(in_page, "class=\"ground\"") == 0);
  check_sound(draw(LinePlot{.title = "nothing"}, Shown::alone));
}

TEST_CASE("a value that is not finite leaves a gap in the line") {
  CHECK(count(line_of(draw(one_line({{0, 1}, {1, 2}, {2, 3}, {3, 1}}))), "M") == 1);
  const std::string gap = line_of(draw(one_line({{0, 1}, {1, 2}, {2, kNan}, {3, 1}})));
  CHECK(count(gap, "M") == 2);
  CHECK_THAT(gap, Catch::Matchers::EndsWith("h0")); // a point alone is a dot
}

TEST_CASE("marks are dashed lines with names, and widen the range") {
  LinePlot plot = one_line({{0, 0.5}, {10, 0.4}});
  plot.horizontal_marks = {{1.609, "chance <ln 5>"}};
  const std::string svg = draw(plot);
  check_sound(svg);
  CHECK(count(svg, "class=\"mark\"") == 1);
  CHECK(has_text(svg, "chance &lt;ln 5&gt;"));
  CHECK(has_text(svg, "1.5"));
}

TEST_CASE("several series have a legend and shapes of their own") {
  LinePlot plot = one_line({{0, 1}, {1, 2}});
  for (int i = 1; i < 8; ++i)
    plot.series.push_back({"a long name of run " + std::to_string(i), {{0, 1.0 + i}, {1, 1}}});
  const std::string svg = draw(plot);
  check_sound(svg);
  CHECK(count(svg, "class=\"symbol\"") == 16);
  CHECK(has_text(svg, "run 0"));
  CHECK(has_text(svg, "a long name of run 7"));
  CHECK(svg.find("class=\"c5\"") != std::string::npos);
}

TEST_CASE("last values that are close do not cover each other") {
  const double end = GENERATE(0.5, 1.5, 2.5); // below, amid and above the others
  LinePlot plot{.x_label = "step"};
  for (int i = 0; i < 5; ++i)
    plot.series.push_back({"run " + std::to_string(i), {{0, 1}, {1, 2}, {2, end + 1e-4 * i}}});
  const std::string svg = draw(plot);
  const std::vector<double> heights = heights_of(svg, "last");
  REQUIRE(heights.size() == 5);
  CHECK(std::is_sorted(heights.rbegin(), heights.rend())); // in the order of the values
  for (std::size_t i = 1; i < heights.size(); ++i)
    CHECK(heights[i - 1] - heights[i] >= 15.5);
  CHECK(heights.back() >= heights_of(svg, "name").back() + 15);  // below the legend
  CHECK(heights.front() < heights_of(svg, "label").back() - 20); // above the name of the lower axis
}

TEST_CASE("a smooth plot draws points faint and their average bold, unless there are few points") {
  LinePlot plot = one_line(noise(2000));
  CHECK(count(draw(plot), "class=\"raw\"") == 0);
  plot.smooth = true;
  const std::string svg = draw(plot);
  CHECK(count(svg, "class=\"raw\"") == 1);
  CHECK(count(svg, "class=\"line\"") == 1);
  CHECK_THAT(svg, ContainsSubstring(", last 1.5")); // the mean of the noise, not its last value
  plot.series[0].points.resize(20);
  CHECK(count(draw(plot), "class=\"raw\"") == 0);
}

TEST_CASE("the size of a plot does not grow with its series") {
  LinePlot plot = one_line(noise(3000));
  plot.smooth = true;
  const std::size_t thousands = draw(plot).size();
  plot.series[0].points = noise(100'000);
  const std::size_t many = draw(plot).size();
  CHECK(many < 40'000);
  CHECK(many < thousands * 5 / 4);
}

TEST_CASE("points are drawn in the order of x") {
  LinePlot shuffled = one_line({{2, 5}, {0, 1}, {1, 3}});
  CHECK(draw(shuffled) == draw(one_line({{0, 1}, {1, 3}, {2, 5}})));
}

TEST_CASE("names are escaped and cut to fit") {
  LinePlot plot{.title = "<b>&\"" + std::string(300, 'x'), .x_label = std::string(300, '<'), .y_label = "a & b"};
  plot.series = {{std::string(300, '&'), {{0, 1}}}, {"\xFF</svg>", {{0, 1}}}};
  const std::string svg = draw(plot);
  check_sound(svg);
  const auto texts = test::texts_of(svg, "text");
  CHECK_THAT(texts.front(), Catch::Matchers::Matches("&lt;b&gt;&amp;&quot;x{20,60}…"));
  for (const std::string& text : texts)
    CHECK(text.size() < 400); // 480 units hold less than 70 characters, of up to 6 bytes
  CHECK_THAT(test::texts_of(svg, "title").front(), ContainsSubstring(std::string(300, 'x')));
}

TEST_CASE("bars have a name, a value and the height of their values") {
  const std::string svg =
      draw(BarPlot{"answers", "option", "questions", {{"A", 10}, {"B", 40}, {"C", kNan}, {"D", 0}}});
  check_sound(svg);
  CHECK(count(svg, "class=\"bar\"") == 3);
  for (const char* text : {"A", "B", "C", "D", "10", "40", "option", "questions"}) {
    CAPTURE(text);
    CHECK(has_text(svg, text));
  }
  CHECK(test::texts_of(svg, "title").at(2) == "B: 40");
  check_sound(draw(BarPlot{"negative", "", "", {{"a", -2}, {"b", 3}}}));
  const std::string zeros = draw(BarPlot{"zero", "", "", {{"a", 0}, {"b", 0}}});
  check_sound(zeros);
  CHECK_FALSE(has_text(zeros, "-0.5"));
  check_sound(draw(BarPlot{"large", "", "", {{"a", 1e299}, {"b", -1e299}, {"c", kInfinity}}}));
}

TEST_CASE("sixty names are sloped and thinned, numbers only thinned") {
  BarPlot named, numbered;
  for (int i = 0; i < 60; ++i) {
    named.bars.emplace_back("topic " + std::to_string(i), i);
    numbered.bars.emplace_back(std::to_string(i * 16), i);
  }
  const std::string names = draw(named), numbers = draw(numbered);
  check_sound(names);
  check_sound(numbers);
  CHECK(count(names, "class=\"bar\"") == 60);
  const std::size_t sloped = count(names, "rotate(-40");
  CHECK(sloped >= 12);
  CHECK(sloped <= 30);
  CHECK(count(numbers, "rotate(") == 0);
  CHECK(has_text(numbers, "0"));
  CHECK_FALSE(has_text(numbers, "16"));
}
