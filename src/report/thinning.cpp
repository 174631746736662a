#include "report/thinning.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace sciexam::inline report {
namespace {

/// The extremes of one column's points.
class Column {
public:
  void add(const Points& points, std::size_t i) {
    if (!used_ || points[i].second < points[least_].second)
      least_ = i;
    if (!used_ || points[i].second > points[greatest_].second)
      greatest_ = i;
    used_ = true;
  }

  void move_to(Points& thinned, const Points& points) {
    if (!used_)
      return;
    thinned.push_back(points[std::min(least_, greatest_)]);
    if (least_ != greatest_)
      thinned.push_back(points[std::max(least_, greatest_)]);
    used_ = false;
  }

private:
  std::size_t least_ = 0, greatest_ = 0;
  bool used_ = false;
};

} // namespace

Points thin(const Points& points) {
  Points thinned;
  Column column;
  double column_x = 0;
  bool after_gap = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!std::isfinite(points[i].second)) {
      after_gap = true;
      continue;
    }
    const double x = std::floor(points[i].first);
    if (x != column_x) {
      column.move_to(thinned, points);
      if (after_gap && !thinned.empty())
        thinned.emplace_back(points[i].first, std::numeric_limits<double>::quiet_NaN());
    }
    column_x = x;
    after_gap = false;
    column.add(points, i);
  }
  column.move_to(thinned, points);
  return thinned;
}

Points exponential_moving_average(const Points& points, double window) {
  const double alpha = 2 / (window + 1);
  Points averages = points;
  double sum = 0, weight = 0;
  for (auto& [x, y] : averages) {
    if (!std::isfinite(y))
      continue;
    sum += alpha * (y - sum);
    weight += alpha * (1 - weight);
    y = sum / weight;
  }
  return averages;
}

double smoothing_window(const Points& points) {
  constexpr std::ptrdiff_t kFewPoints = 50;
  constexpr double kWindowsOfSeries = 40; // wide enough against noise, narrow enough to follow the curve
  const auto finite = std::count_if(points.begin(), points.end(), [](auto& p) { return std::isfinite(p.second); });
  return finite < kFewPoints ? 1 : std::max(1.0, static_cast<double>(finite) / kWindowsOfSeries);
}

} // namespace sciexam::inline report
