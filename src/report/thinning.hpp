// Series made ready for drawing: less points, and less noise.
#pragma once

#include <utility>
#include <vector>

namespace sciexam {

/// (x, y) with rising x; a y that is not finite is a gap.
using Points = std::vector<std::pair<double, double>>;

/// Of each column [i, i + 1) of x the points of least and greatest y, in their
/// order. A gap between the points of two columns is kept as one point; inside a column no gap can be seen.
Points thin(const Points& points);

/// The exponential moving average of y with weight alpha = 2 / (window + 1),
/// divided by the sum of its weights so that it begins at the first value; gaps stay gaps and are skipped.
Points exponential_moving_average(const Points& points, double window);

/// A window that fits the number of finite points; 1, no smoothing, if they are few.
double smoothing_window(const Points& points);

} // namespace sciexam
