#include "report/svg.hpp"

#include "report/markup.hpp"
#include "support/text/numbers.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>

namespace sciexam::inline report::svg {
namespace {

constexpr double kTitleHeight = 28, kYLabelHeight = 24;
constexpr double kFrameHeight = 200;
constexpr double kMargin = 16, kImageWidth = 640; // of a standalone drawing; the second in pixels
constexpr std::size_t kColours = 6;               // in the style sheet

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + format_coordinate(value) + "\"";
}

/// For the widest of the common system fonts.
double character_width(char32_t c) {
  constexpr std::u32string_view kNarrow = U"ijltfrI.,:;'|()[]! ";
  if (c >= 0x1100) // ideographs are square
    return kFontSize;
  if (kNarrow.find(c) != std::u32string_view::npos)
    return 0.38 * kFontSize;
  const bool wide = (c >= 'A' && c <= 'Z') || c == 'm' || c == 'w' || c == '@' || c == '%';
  return (wide ? 0.75 : 0.63) * kFontSize;
}

} // namespace

double text_width(std::string_view text) {
  double width = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character character = decode_utf8(text, offset);
    width += character_width(character.code_point);
    offset += static_cast<std::size_t>(std::max(1, character.length));
  }
  return width;
}

std::string fitted(std::string_view text, double width) {
  if (text_width(text) <= width)
    return std::string(text);
  double used = character_width(U'…');
  std::size_t offset = 0;
  while (offset < text.size()) {
    const Utf8Character character = decode_utf8(text, offset);
    used += character_width(character.code_point);
    if (used > width)
      break;
    offset += static_cast<std::size_t>(std::max(1, character.length));
  }
  return std::string(text.substr(0, offset)) + "…";
}

std::string text(double x, double y, Anchor anchor, std::string_view classes, std::string_view text,
                 std::string_view transform) {
  std::string markup = "<text" + attribute("x", x) + attribute("y", y);
  if (anchor != Anchor::kStart)
    markup += anchor == Anchor::kMiddle ? R"( text-anchor="middle")" : R"( text-anchor="end")";
  if (!classes.empty())
    markup += " class=\"" + std::string(classes) + "\"";
  if (!transform.empty())
    markup += " transform=\"" + std::string(transform) + "\"";
  return markup + ">" + escape_markup(text) + "</text>";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view classes) {
  return "<path class=\"" + std::string(classes) + "\" d=\"M" + format_coordinate(x1) + "," + format_coordinate(y1) +
         "L" + format_coordinate(x2) + "," + format_coordinate(y2) + "\"/>";
}

std::string tooltip(std::string_view text) {
  return element("title", text);
}

std::string series_class(std::size_t index) {
  return "c" + std::to_string(index % kColours);
}

std::string symbol(std::size_t index, double x, double y) {
  static constexpr std::string_view kForms[] = {
      "m-4.5,0a4.5,4.5 0 1 0 9,0a4.5,4.5 0 1 0 -9,0z", // circle
      "m-4,-4h8v8h-8z",                                // square
      "m0,-5.5l5,9h-10z",                              // triangle
      "m0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z",           // rhombus
  };
  return "<path class=\"symbol\" d=\"M" + format_coordinate(x) + "," + format_coordinate(y) +
         std::string(kForms[index % std::size(kForms)]) + "\"/>";
}

PlotFrame frame_below(double legend_height, double left, double right_margin) {
  return {left, kTitleHeight + kYLabelHeight + legend_height, kPlotWidth - left - right_margin, kFrameHeight};
}

double label_room(const std::vector<Tick>& ticks) {
  double widest = 0;
  for (const Tick& tick : ticks)
    widest = std::max(widest, text_width(tick.label));
  return widest + 8;
}

std::string value_axis(const PlotFrame& frame, const Scale& scale, const std::vector<Tick>& ticks) {
  std::string markup;
  for (const Tick& tick : ticks) {
    const double y = frame.y(scale, tick.value);
    markup += line(frame.left, y, frame.right(), y, "grid");
    markup += text(frame.left - 7, y + 4.5, Anchor::kEnd, "tick", tick.label);
  }
  return markup;
}

std::string x_axis_label(const PlotFrame& frame, double labels_height, std::string_view x_label) {
  return text(frame.left + frame.width / 2, frame.bottom() + labels_height + kLineHeight - 2, Anchor::kMiddle, "label",
              fitted(x_label, frame.width));
}

double total_height(const PlotFrame& frame, double labels_height, std::string_view x_label) {
  return frame.bottom() + labels_height + (x_label.empty() ? 4 : kLineHeight + 4);
}

std::string document(std::string_view title, std::string_view description, std::string_view y_label, double height,
                     std::string_view content, Shown shown) {
  const bool alone = shown == Shown::alone;
  const double margin = alone ? kMargin : 0;
  std::string markup = R"(<svg class="plot" role="img" xmlns="http://www.w3.org/2000/svg" viewBox=")";
  for (const double part : {0 - margin, 0 - margin, kPlotWidth + 2 * margin, height + 2 * margin})
    markup += format_coordinate(part) + " ";
  markup.back() = '"';
  markup +=
      (alone ? attribute("width", kImageWidth) : "") + ">" + element("title", title) + element("desc", description);
  if (alone)
    markup += "<style>" + plot_style_sheet() + "</style><rect class=\"ground\"" + attribute("x", -margin) +
              attribute("y", -margin) + R"( width="100%" height="100%" rx="12"/>)";
  markup += text(0, 17, Anchor::kStart, "title", fitted(title, kPlotWidth * 0.78)); // bold letters are wider
  if (!y_label.empty())
    markup += text(0, kTitleHeight + 8, Anchor::kStart, "label", fitted(y_label, kPlotWidth));
  return markup + std::string(content) + "</svg>";
}

std::string no_data(const PlotFrame& frame) {
  return "<path class=\"empty\" d=\"M" + format_coordinate(frame.left) + "," + format_coordinate(frame.top) + "h" +
         format_coordinate(frame.width) + "v" + format_coordinate(frame.height) + "h-" +
         format_coordinate(frame.width) + "z\"/>" +
         text(frame.left + frame.width / 2, frame.top + frame.height / 2 + 5, Anchor::kMiddle, "label", "no data yet");
}

} // namespace sciexam::inline report::svg
