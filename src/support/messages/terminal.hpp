// Standard error, which messages and progress bars share.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace sciexam::inline support {

/// Lines and at most one live bar below them. Any thread may call; each line or bar is written in one piece.
class Terminal {
public:
  /// Turns show_message() and show_bar() off, or on again.
  void set_quiet(bool quiet);
  /// Clears the bar and writes a line.
  void show_message(std::string_view text);
  /// The same, also when quiet.
  void show_warning(std::string_view text);
  /// Redraws the bar in place; `last` ends its line.
  void show_bar(const std::string& text, bool last);
  /// Ends the line of a bar that nobody finished.
  void leave_bar();

private:
  void write_line(std::string_view text);

  std::mutex mutex_;
  bool has_bar_ = false, quiet_ = false;
};

/// True if standard error is a terminal whose line can be redrawn. A notebook's `!` gives its commands a terminal too,
/// but keeps every line that is written.
bool redraws_lines();

/// The terminal of this process.
Terminal& terminal();

} // namespace sciexam::inline support
