// An HTML page in one file: no script, nothing loaded from elsewhere, readable
// on a telephone, in light and dark, and on paper.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam {

/// Its parts appear in the order of the calls. All texts are plain: they are
/// escaped, and bytes that are no UTF-8 shown as U+FFFD.
class Page {
public:
  explicit Page(std::string title, std::string subtitle = {});

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// A warning in a box of its own.
  void notice(std::string_view text);
  /// Names and values that matter most, large, side by side.
  void highlights(const std::vector<std::pair<std::string, std::string>>& values);
  /// The first cell of a row names it; columns of numbers are set to the right.
  /// Missing cells are empty; throws InternalError if a row has more than the header.
  void table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
  /// A table of two columns with these names.
  void facts(const std::string& name, const std::string& value,
             const std::vector<std::pair<std::string, std::string>>& rows);
  /// `svg` is markup as draw() makes it, taken as it is. Figures that follow each other share a grid.
  void figure(std::string_view svg, std::string_view caption = {});

  std::string html() const;

private:
  void begin_part();

  std::string title_, subtitle_;
  std::string body_;
  bool in_figures_ = false; ///< body_ ends inside a grid of figures
};

} // namespace sciexam
