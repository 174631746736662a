// Plots as SVG, from plain numbers.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sciexam {

/// A line through (x, y). A y that is not finite (on a logarithmic axis: or not
/// above zero) is a gap; a point with such an x is left out.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points = {}; ///< by x; other orders are sorted, equal x keep their order
};

struct LinePlot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<Series> series = {};
  bool log_x = false, log_y = false;
  std::vector<std::pair<double, std::string>> horizontal_marks = {}; ///< dashed lines at y, with their names
  bool smooth = false; ///< noisy series: the points are drawn faint, their moving average bold
};

/// Bars from zero, each with its name; also for histograms. One that is not finite is an empty place.
struct BarPlot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<std::pair<std::string, double>> bars = {};
};

/// Where a drawing is to be seen: in a Page's figure (report/page.hpp), whose style sheet has its colours and letters,
/// or as an image, which then has them and a ground of its own inside.
enum class Shown { in_page, alone };

/// An `<svg>` element. Series of any length are thinned to what can be seen
/// (least and greatest value of every column), so its size is bounded by the number of
/// series. Without a finite point it says "no data yet". The same plot gives the same bytes.
std::string draw(const LinePlot& plot, Shown shown = Shown::in_page);
std::string draw(const BarPlot& plot);

} // namespace sciexam
