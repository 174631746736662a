#include "report/bar_plot.hpp"

#include "report/scale.hpp"
#include "report/svg.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline report {
namespace {

using svg::Anchor;
using svg::PlotFrame;

constexpr int kValueTicks = 5;
constexpr double kRightMargin = 10;
constexpr double kSlope = 40; ///< degrees, for labels that do not fit side by side
constexpr double kPi = 3.14159265358979323846;

/// How the bars' names are drawn; a `stride` of 2 leaves out every second one.
struct Labels {
  std::vector<std::string> texts;
  double widest = 0;
  bool sloped = false;
  std::size_t stride = 1;

  double height() const { return sloped ? widest * std::sin(kSlope * kPi / 180) * 0.9 + 20 : 20; }
};

bool is_numeric(std::string_view text) {
  return !text.empty() && std::string_view("0123456789.-+<>=≤≥").find(text.front()) != std::string_view::npos;
}

Labels arrange_labels(const BarPlot& plot, double band) {
  constexpr double kWidest = 135, kLetterHeight = 24;
  Labels labels;
  for (const auto& [name, value] : plot.bars) {
    labels.texts.push_back(svg::fitted(name, kWidest));
    labels.widest = std::max(labels.widest, svg::text_width(labels.texts.back()));
  }
  const double room = labels.widest + 8;
  if (room <= band)
    return labels;
  // numbers left out can be inferred from their neighbours
  const bool numeric = std::all_of(plot.bars.begin(), plot.bars.end(), [](auto& bar) { return is_numeric(bar.first); });
  labels.sloped = !numeric;
  labels.stride = static_cast<std::size_t>(std::ceil((numeric ? room : kLetterHeight) / band));
  return labels;
}

Scale bar_scale(const BarPlot& plot) {
  double low = 0, high = 0;
  for (const auto& [name, value] : plot.bars) {
    if (!Scale::drawable(value, false))
      continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const double above = (high - low) * 0.1; // for the values above the bars
  if (low == high)
    return {0, 1, false, 0};
  return {low < 0 ? low - above : 0, high > 0 ? high + above : 0, false, 0};
}

std::string bar(const PlotFrame& frame, const Scale& scale, double centre, double width, const std::string& name,
                double value) {
  const double zero = frame.y(scale, 0), end = frame.y(scale, value);
  return "<path class=\"bar\" d=\"M" + format_coordinate(centre - width / 2) + "," + format_coordinate(zero) + "V" +
         format_coordinate(end) + "h" + format_coordinate(width) + "V" + format_coordinate(zero) + "z\">" +
         svg::tooltip(name + ": " + format_number(value)) + "</path>";
}

std::string label(const Labels& labels, std::size_t i, double x, double y) {
  if (!labels.sloped)
    return svg::text(x, y + 16, Anchor::kMiddle, "tick", labels.texts[i]);
  const std::string place = format_coordinate(x + 4) + " " + format_coordinate(y + 14);
  return svg::text(x + 4, y + 14, Anchor::kEnd, "tick", labels.texts[i], "rotate(-40 " + place + ")");
}

std::string bars(const BarPlot& plot, const PlotFrame& frame, const Scale& scale, const Labels& labels) {
  const double band = frame.width / static_cast<double>(plot.bars.size());
  const double width = band * (plot.bars.size() > 30 ? 0.9 : 0.75);
  double widest_value = 0;
  for (const auto& [name, value] : plot.bars)
    widest_value = std::max(widest_value, svg::text_width(format_number(value)));
  std::string markup = "<g class=\"" + svg::series_class(0) + "\">";
  std::string texts;
  for (std::size_t i = 0; i < plot.bars.size(); ++i) {
    const auto& [name, value] = plot.bars[i];
    const double centre = frame.left + (static_cast<double>(i) + 0.5) * band;
    if (i % labels.stride == 0)
      texts += label(labels, i, centre, frame.bottom());
    if (!Scale::drawable(value, false))
      continue;
    markup += bar(frame, scale, centre, width, name, value);
    if (widest_value + 6 <= band)
      texts += svg::text(centre, frame.y(scale, value) + (value < 0 ? 14 : -5), Anchor::kMiddle, "value",
                         format_number(value));
  }
  return markup + "</g>" + texts;
}

std::string description(const BarPlot& plot) {
  std::string text = "Bars over " + (plot.x_label.empty() ? "names" : plot.x_label) + ".";
  for (const auto& [name, value] : plot.bars)
    text += " " + name + ": " + format_number(value) + ".";
  return text;
}

} // namespace

std::string draw(const BarPlot& plot) {
  const bool any =
      std::any_of(plot.bars.begin(), plot.bars.end(), [](auto& one) { return Scale::drawable(one.second, false); });
  if (!any) {
    const PlotFrame frame = svg::frame_below(0, 0, 0);
    return svg::document(plot.title, "No data yet.", {}, frame.bottom() + svg::kLineHeight, svg::no_data(frame));
  }
  const Scale scale = bar_scale(plot);
  const std::vector<Tick> ticks = scale.ticks(kValueTicks);
  const auto band_of = [&](const PlotFrame& frame) { return frame.width / static_cast<double>(plot.bars.size()); };
  PlotFrame frame = svg::frame_below(0, svg::label_room(ticks), kRightMargin);
  Labels labels = arrange_labels(plot, band_of(frame));
  if (labels.sloped) { // the first name extends to the left
    const double reach = labels.widest * std::cos(kSlope * kPi / 180) - band_of(frame) / 2;
    frame = svg::frame_below(0, std::max(frame.left, reach), kRightMargin);
    labels = arrange_labels(plot, band_of(frame));
  }
  const double height = svg::total_height(frame, labels.height(), plot.x_label);
  const std::string content = svg::value_axis(frame, scale, ticks) + bars(plot, frame, scale, labels) +
                              svg::line(frame.left, frame.y(scale, 0), frame.right(), frame.y(scale, 0), "axis") +
                              svg::x_axis_label(frame, labels.height(), plot.x_label);
  return svg::document(plot.title, description(plot), plot.y_label, height, content);
}

} // namespace sciexam::inline report
