#include "support/messages/progress.hpp"

#include "support/messages/event_log.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <unistd.h>

namespace sciexam {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool live_bar_shown = false; // messages and bars come from one thread
bool is_quiet = false;

void log_text(std::string_view event, std::string_view text) {
  if (event_log_is_open())
    log_event(event, {{"text", text}});
}

void show_line(std::string_view text) {
  if (live_bar_shown)
    std::fputs("\r\033[K", stderr);
  live_bar_shown = false;
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

} // namespace

void set_quiet(bool quiet) {
  is_quiet = quiet;
}

void log_line(std::string_view text) {
  log_text("message", text);
  if (!is_quiet)
    show_line(text);
}

void warn_line(std::string_view text) {
  log_text("warning", text);
  show_line(text);
}

std::string format_duration(double exact) {
  const auto seconds = static_cast<long long>(std::llround(std::max(0.0, exact)));
  char text[48];
  if (seconds >= 3600)
    std::snprintf(text, sizeof text, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
  else if (seconds >= 60)
    std::snprintf(text, sizeof text, "%lld min %02lld s", seconds / 60, seconds % 60);
  else
    std::snprintf(text, sizeof text, "%lld s", seconds);
  return text;
}

Progress::Progress(std::string label, std::uint64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(std::max<std::uint64_t>(1, total)),
      start_(SteadyClock::now()), shown_(start_), logged_(start_), live_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (!finished_ && live_bar_shown)
    show_line("");
}

double Progress::elapsed() const {
  return std::chrono::duration<double>(SteadyClock::now() - start_).count();
}

double Progress::rate() const {
  const double seconds = elapsed();
  return seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
}

void Progress::log(bool last) {
  const auto now = SteadyClock::now();
  if (!event_log_is_open() || (!last && now - logged_ < kLineInterval))
    return;
  logged_ = now;
  log_event(
      "progress",
      {{"label", label_}, {"done", done_}, {"total", total_}, {"unit", unit_}, {"rate", rate()}, {"note", note_}});
}

std::string Progress::line() const {
  const double part = static_cast<double>(done_) / static_cast<double>(total_);
  const double per_second = rate();
  std::string text = label_ + " ";
  if (live_) {
    constexpr int kWidth = 24;
    const int full = static_cast<int>(part * kWidth);
    text += "[" + std::string(full, '#') + std::string(kWidth - full, '.') + "] ";
  }
  const std::string note = note_.empty() ? "" : note_ + "  ";
  char numbers[256];
  std::snprintf(numbers, sizeof numbers, "%3.0f %%  %s%.0f %s/s  ", part * 100, note.c_str(), per_second,
                unit_.c_str());
  text += numbers;
  if (finished_)
    return text + "took " + format_duration(elapsed());
  if (done_ == skipped_)
    return text + "time left unknown";
  return text + format_duration(static_cast<double>(total_ - done_) / per_second) + " left";
}

void Progress::show(bool last) {
  log(last);
  if (is_quiet)
    return;
  const auto now = SteadyClock::now();
  const auto wait = live_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(kLineInterval);
  if (!last && now - shown_ < wait)
    return;
  shown_ = now;
  if (!live_) {
    show_line(line());
    return;
  }
  std::fprintf(stderr, "\r\033[K%s%s", line().c_str(), last ? "\n" : "");
  std::fflush(stderr);
  live_bar_shown = !last;
}

void Progress::advance(std::uint64_t done) {
  done_ = std::min(total_, done_ + done);
  show(false);
}

void Progress::skip(std::uint64_t done) {
  done_ = std::min(total_, done_ + done);
  skipped_ += done;
}

void Progress::finish() {
  finished_ = true;
  show(true);
}

} // namespace sciexam
