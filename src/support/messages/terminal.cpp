#include "support/messages/terminal.hpp"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace sciexam::inline support {
namespace {

constexpr const char* kClearLine = "\r\033[K";

void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

} // namespace

void Terminal::set_quiet(bool quiet) {
  const std::lock_guard lock(mutex_);
  quiet_ = quiet;
}

void Terminal::show_message(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!quiet_)
    write_line(text);
}

void Terminal::show_warning(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_line(text);
}

void Terminal::show_bar(const std::string& text, bool last) {
  const std::lock_guard lock(mutex_);
  if (quiet_)
    return;
  write(kClearLine + text + (last ? "\n" : ""));
  has_bar_ = !last;
}

void Terminal::leave_bar() {
  const std::lock_guard lock(mutex_);
  if (has_bar_)
    write_line("");
}

void Terminal::write_line(std::string_view text) {
  write((has_bar_ ? kClearLine : "") + std::string(text) + "\n");
  has_bar_ = false;
}

bool redraws_lines() {
  return ::isatty(STDERR_FILENO) != 0 && std::getenv("JPY_PARENT_PID") == nullptr; // Jupyter sets it for its kernels
}

Terminal& terminal() {
  static Terminal instance;
  return instance;
}

} // namespace sciexam::inline support
