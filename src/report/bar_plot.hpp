// Bar plots as SVG, from plain numbers.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline report {

/// Bars from zero, each with its name; also for histograms. A value that is not finite leaves its place empty.
struct BarPlot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<std::pair<std::string, double>> bars = {};
};

/// An `<svg>` element for a Page. Without a finite value it says "no data yet". Equal plots give equal bytes.
std::string draw(const BarPlot& plot);

} // namespace sciexam::inline report
