// Line plots as SVG, from plain numbers.
#pragma once

#include "report/style.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline report {

/// A line through (x, y). A y that is not finite (on a logarithmic axis: or not
/// above zero) is a gap; a point with such an x is left out.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points = {}; ///< drawn by x, in any order here; equal x keep their order
};

struct LinePlot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<Series> series = {};
  bool log_x = false, log_y = false;
  std::vector<std::pair<double, std::string>> horizontal_marks = {}; ///< dashed lines at y, with their names
  bool smooth = false; ///< for noisy series: points are drawn faint, their moving average bold
};

/// An `<svg>` element. Long series are thinned to what is visible (the smallest and the
/// largest value of every column), so its size depends only on the number of series.
/// Without a finite point it says "no data yet". Equal plots give equal bytes.
std::string draw(const LinePlot& plot, Shown shown = Shown::in_page);

} // namespace sciexam::inline report
