// The building blocks of both kinds of plot. A drawing is kPlotWidth units wide; the
// page scales it to fit.
#pragma once

#include "report/scale.hpp"
#include "report/style.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline report::svg {

inline constexpr double kPlotWidth = 480;
/// The font size on the narrowest page, where letters are largest relative to the drawing; layouts leave room for it.
inline constexpr double kFontSize = 15.5;
inline constexpr double kLineHeight = 19;

/// The width of `text` at kFontSize, overestimated because fonts differ.
double text_width(std::string_view text);
/// `text`, shortened with an ellipsis if it is wider than `width`.
std::string fitted(std::string_view text, double width);

enum class Anchor { kStart, kMiddle, kEnd };

/// Text with its baseline at a point; `classes` are the style sheet's. `transform` may be empty.
std::string text(double x, double y, Anchor anchor, std::string_view classes, std::string_view text,
                 std::string_view transform = {});
std::string line(double x1, double y1, double x2, double y2, std::string_view classes);
/// The `<title>` that a browser shows when the pointer rests on its parent.
std::string tooltip(std::string_view text);

/// The colour class of series `index`.
std::string series_class(std::size_t index);
/// A symbol around a point, in one of four shapes, so that series differ even without colour.
std::string symbol(std::size_t index, double x, double y);

/// The rectangle of the data.
struct PlotFrame {
  double left, top, width, height;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
  double y(const Scale& scale, double value) const { return bottom() - scale.position(value) * height; }
};

/// The layout of a plot: title and y label at the top, then `legend_height`, then the frame.
PlotFrame frame_below(double legend_height, double left, double right_margin);
/// The space that the labels of a value axis need on its left.
double label_room(const std::vector<Tick>& ticks);
/// Horizontal grid lines and their labels.
std::string value_axis(const PlotFrame& frame, const Scale& scale, const std::vector<Tick>& ticks);
/// The name of the axis, below the frame and labels of that height.
std::string x_axis_label(const PlotFrame& frame, double labels_height, std::string_view x_label);
/// The height of a plot with labels of that height below the frame.
double total_height(const PlotFrame& frame, double labels_height, std::string_view x_label);

/// The `<svg>` element around `content`, with the visible title and y label. Shown alone it is a complete SVG file.
std::string document(std::string_view title, std::string_view description, std::string_view y_label, double height,
                     std::string_view content, Shown shown = Shown::in_page);
/// The text in an empty frame.
std::string no_data(const PlotFrame& frame);

} // namespace sciexam::inline report::svg
