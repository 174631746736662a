// An HTML page in one file: no scripts, no external resources, readable on a
// phone, in light and dark mode, and on paper.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::inline report {

/// Parts appear in the order of the calls. All texts are plain: they are escaped, and
/// bytes that are not UTF-8 are shown as U+FFFD.
class Page {
public:
  explicit Page(std::string title, std::string subtitle = {});

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// A warning in its own box.
  void notice(std::string_view text);
  /// The most important names and values, large and side by side.
  void highlights(const std::vector<std::pair<std::string, std::string>>& values);
  /// The first cell of a row names it; columns of numbers are right-aligned. Missing
  /// cells are empty; throws InternalError if a row has more cells than the header.
  void table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
  /// A table of two columns with these names.
  void facts(const std::string& name, const std::string& value,
             const std::vector<std::pair<std::string, std::string>>& rows);
  /// `svg` is markup from draw(), inserted as it is. Consecutive figures share a grid.
  void figure(std::string_view svg, std::string_view caption = {});

  std::string html() const;

private:
  void begin_part();

  std::string title_, subtitle_;
  std::string body_;
  bool in_figures_ = false; ///< body_ ends inside a grid of figures
};

} // namespace sciexam::inline report
