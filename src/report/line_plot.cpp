#include "report/line_plot.hpp"

#include "report/scale.hpp"
#include "report/svg.hpp"
#include "report/thinning.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace sciexam::inline report {
namespace {

using svg::Anchor;
using svg::PlotFrame;

constexpr int kLossTicks = 5, kStepTicks = 6;
constexpr double kAxisLabelsHeight = 20;
constexpr std::size_t kFewPoints = 25; ///< up to this number, each is marked

/// The smallest and the largest value seen.
struct Span {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

/// The points of a series that are drawn: by x, with NaN for gaps.
Points drawable_points(const Series& series, const LinePlot& plot) {
  Points points;
  points.reserve(series.points.size());
  for (const auto& [x, y] : series.points)
    if (Scale::drawable(x, plot.log_x))
      points.emplace_back(x, Scale::drawable(y, plot.log_y) ? y : std::numeric_limits<double>::quiet_NaN());
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return points;
}

std::string path(const Points& points, std::string_view classes) {
  std::string d;
  bool begun = false;
  std::size_t length = 0;
  const auto end_segment = [&] {
    if (length == 1)
      d += "h0"; // round line caps make it a dot
    begun = false;
    length = 0;
  };
  for (const auto& [x, y] : points) {
    if (!std::isfinite(y)) {
      end_segment();
      continue;
    }
    d += (begun ? "L" : "M") + format_coordinate(x) + "," + format_coordinate(y);
    begun = true;
    ++length;
  }
  end_segment();
  return d.empty() ? d : "<path class=\"" + std::string(classes) + "\" d=\"" + d + "\"/>";
}

std::string dots(const Points& points) {
  std::string d;
  for (const auto& [x, y] : points)
    if (std::isfinite(y))
      d += "M" + format_coordinate(x) + "," + format_coordinate(y) + "h0";
  return "<path class=\"dots\" d=\"" + d + "\"/>";
}

/// A series ready for drawing.
struct Curve {
  std::string name;
  Points points;  ///< as measured
  Points average; ///< equals points if there are few or the plot is not smooth
  Span values = {};
  std::optional<std::pair<double, double>> last = {}; ///< of average
  bool smoothed = false;
};

Curve make_curve(const Series& series, const LinePlot& plot) {
  Curve curve{series.name, drawable_points(series, plot), {}};
  const double window = plot.smooth ? smoothing_window(curve.points) : 1;
  curve.smoothed = window > 1;
  curve.average = curve.points;
  // on a logarithmic axis the visible mean is that of the logarithms
  const auto apply = [&](double (*function)(double)) {
    for (auto& point : curve.average)
      point.second = function(point.second);
  };
  if (curve.smoothed && plot.log_y)
    apply([](double y) { return std::log10(y); });
  if (curve.smoothed)
    curve.average = exponential_moving_average(curve.average, window);
  if (curve.smoothed && plot.log_y)
    apply([](double y) { return std::pow(10, y); });
  for (const auto& [x, y] : curve.points)
    if (std::isfinite(y))
      curve.values.add(y);
  for (const auto& point : curve.average)
    if (std::isfinite(point.second))
      curve.last = point;
  return curve;
}

/// The names of the series, on as many rows as needed.
class Legend {
public:
  explicit Legend(const std::vector<Series>& series) {
    if (series.size() < 2)
      return;
    double x = 0;
    for (const Series& one : series) {
      const std::string name = svg::fitted(one.name, svg::kPlotWidth - kLineLength);
      const double width = kLineLength + svg::text_width(name) + kGap;
      if (x > 0 && x + width - kGap > svg::kPlotWidth) {
        x = 0;
        ++rows_;
      }
      entries_.push_back({x, kTop + rows_ * kRowHeight, name});
      x += width;
    }
    ++rows_;
  }

  double height() const { return rows_ * kRowHeight; }

  std::string markup() const {
    std::string markup;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& [x, y, name] = entries_[i];
      markup += "<g class=\"" + svg::series_class(i) + "\">" + svg::line(x, y - 4.5, x + 20, y - 4.5, "line") +
                svg::symbol(i, x + 10, y - 4.5) + "</g>" + svg::text(x + kLineLength, y, Anchor::kStart, "name", name);
    }
    return markup;
  }

private:
  static constexpr double kLineLength = 26, kGap = 14, kRowHeight = 20, kTop = 56;
  struct Entry {
    double x, y;
    std::string name;
  };
  std::vector<Entry> entries_;
  int rows_ = 0;
};

/// Positions for the labels of last values: beside their points without overlapping; none if there is no room.
std::vector<double> spread(std::vector<double> wanted, double top, double bottom) {
  constexpr double kDistance = 16;
  if (static_cast<double>(wanted.size()) * kDistance > bottom - top)
    return {};
  std::vector<std::size_t> order(wanted.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  double free = top;
  for (const std::size_t i : order) {
    wanted[i] = std::max(wanted[i], free);
    free = wanted[i] + kDistance;
  }
  std::reverse(order.begin(), order.end());
  double limit = bottom;
  for (const std::size_t i : order) {
    wanted[i] = std::min(wanted[i], limit);
    limit = wanted[i] - kDistance;
  }
  return wanted;
}

/// Draws curves of which at least one has a point.
class LineDrawing {
public:
  LineDrawing(const LinePlot& plot, std::vector<Curve> curves, Span x, Span y)
      : plot_(plot), curves_(std::move(curves)), legend_(plot.series), x_scale_(x.low, x.high, plot.log_x, 0),
        y_scale_(y.low, y.high, plot.log_y, 0.05), y_ticks_(y_scale_.ticks(kLossTicks)),
        frame_(svg::frame_below(legend_.height(), svg::label_room(y_ticks_), last_value_room())) {}

  double height() const { return svg::total_height(frame_, kAxisLabelsHeight, plot_.x_label); }

  std::string markup() const {
    std::string markup = legend_.markup() + svg::value_axis(frame_, y_scale_, y_ticks_) + step_axis();
    for (std::size_t i = 0; i < curves_.size(); ++i)
      markup += curve(i);
    return markup + marks() + last_values();
  }

private:
  double x(double value) const { return frame_.left + x_scale_.position(value) * frame_.width; }
  double y(double value) const { return frame_.y(y_scale_, value); }

  double last_value_room() const {
    double widest = 0;
    for (const Curve& one : curves_)
      if (one.last)
        widest = std::max(widest, svg::text_width(format_number(one.last->second)));
    return widest * 1.1 + 12; // they are bold
  }

  Points places(const Points& points) const {
    Points placed = points;
    for (auto& [px, py] : placed) {
      px = x(px);
      py = std::isfinite(py) ? y(py) : py;
    }
    return placed;
  }

  std::string step_axis() const {
    int most = kStepTicks;
    std::vector<Tick> ticks = x_scale_.ticks(most);
    while (most > 1 && svg::label_room(ticks) * static_cast<double>(ticks.size()) > frame_.width)
      ticks = x_scale_.ticks(--most);
    std::string markup = svg::line(frame_.left, frame_.bottom(), frame_.right(), frame_.bottom(), "axis") +
                         svg::x_axis_label(frame_, kAxisLabelsHeight, plot_.x_label);
    for (const Tick& tick : ticks) {
      markup += svg::line(x(tick.value), frame_.bottom(), x(tick.value), frame_.bottom() + 4, "axis");
      markup += svg::text(x(tick.value), frame_.bottom() + 18, Anchor::kMiddle, "tick", tick.label);
    }
    return markup;
  }

  std::string curve(std::size_t i) const {
    const Curve& one = curves_[i];
    if (!one.last)
      return {};
    std::string markup = "<g class=\"" + svg::series_class(i) + "\">" + svg::tooltip(one.name);
    if (one.smoothed)
      markup += path(thin(places(one.points)), "raw");
    markup += path(thin(places(one.average)), "line");
    if (one.points.size() <= kFewPoints)
      markup += dots(places(one.points));
    return markup + "</g>";
  }

  std::string marks() const {
    std::string markup;
    for (const auto& [value, name] : plot_.horizontal_marks) {
      if (!Scale::drawable(value, plot_.log_y))
        continue;
      const double at = y(value);
      const double text_y = at - frame_.top < svg::kLineHeight ? at + 15 : at - 6;
      markup += svg::line(frame_.left, at, frame_.right(), at, "mark") +
                svg::text(frame_.right() - 4, text_y, Anchor::kEnd, "mark-name", svg::fitted(name, frame_.width));
    }
    return markup;
  }

  std::string last_values() const {
    std::vector<std::size_t> shown;
    std::vector<double> wanted;
    std::string markup;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      if (!curves_[i].last)
        continue;
      shown.push_back(i);
      wanted.push_back(y(curves_[i].last->second) + 4.5);
      markup += "<g class=\"" + svg::series_class(i) + "\">" +
                svg::symbol(i, x(curves_[i].last->first), y(curves_[i].last->second)) + "</g>";
    }
    const std::vector<double> label_y = spread(wanted, frame_.top + 6, frame_.bottom() + 4);
    for (std::size_t k = 0; k < label_y.size(); ++k) {
      const std::size_t i = shown[k];
      markup += svg::text(frame_.right() + 9, label_y[k], Anchor::kStart, "last " + svg::series_class(i),
                          format_number(curves_[i].last->second));
    }
    return markup;
  }

  const LinePlot& plot_;
  std::vector<Curve> curves_;
  Legend legend_;
  Scale x_scale_, y_scale_;
  std::vector<Tick> y_ticks_;
  PlotFrame frame_;
};

std::string description(const LinePlot& plot, const std::vector<Curve>& curves) {
  std::string text = "Lines over " + (plot.x_label.empty() ? "x" : plot.x_label) + ".";
  for (const Curve& curve : curves)
    if (curve.last)
      text += " " + curve.name + ": from " + format_number(curve.values.low) + " to " +
              format_number(curve.values.high) + ", last " + format_number(curve.last->second) + ".";
  return text;
}

} // namespace

std::string draw(const LinePlot& plot, Shown shown) {
  std::vector<Curve> curves;
  Span x, y;
  for (const Series& series : plot.series) {
    Curve& curve = curves.emplace_back(make_curve(series, plot));
    if (!curve.last)
      continue;
    x.add(curve.points.front().first);
    x.add(curve.points.back().first);
    y.add(curve.values.low);
    y.add(curve.values.high);
  }
  if (y.empty()) {
    const PlotFrame frame = svg::frame_below(0, 0, 0);
    return svg::document(plot.title, "No data yet.", {}, frame.bottom() + kAxisLabelsHeight, svg::no_data(frame),
                         shown);
  }
  for (const auto& [value, name] : plot.horizontal_marks)
    if (Scale::drawable(value, plot.log_y))
      y.add(value);
  const std::string text = description(plot, curves);
  const LineDrawing drawing(plot, std::move(curves), x, y);
  return svg::document(plot.title, text, plot.y_label, drawing.height(), drawing.markup(), shown);
}

} // namespace sciexam::inline report
