// Prepares series for drawing: fewer points, less noise.
#pragma once

#include <utility>
#include <vector>

namespace sciexam::inline report {

/// (x, y) in ascending order of x; a y that is not finite is a gap.
using Points = std::vector<std::pair<double, double>>;

/// For each column [i, i + 1) of x, the points with the smallest and the largest y, in their
/// order. A gap between two columns is kept as one point; one inside a column would be invisible.
Points thin(const Points& points);

/// The exponential moving average of y with weight alpha = 2 / (window + 1),
/// divided by the sum of its weights so that it starts at the first value. Gaps are kept and skipped.
Points exponential_moving_average(const Points& points, double window);

/// A window that suits the number of finite points; 1 (no smoothing) if there are few.
double smoothing_window(const Points& points);

} // namespace sciexam::inline report
