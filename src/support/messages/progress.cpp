#include "support/messages/progress.hpp"

#include "support/messages/event_log.hpp"
#include "support/messages/terminal.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <unistd.h>

namespace sciexam::inline support {
namespace {

using SteadyClock = std::chrono::steady_clock;

void log_text(std::string_view event, std::string_view text) {
  if (event_log_is_open())
    log_event(event, {{"text", text}});
}

} // namespace

void set_quiet(bool quiet) {
  terminal().set_quiet(quiet);
}

void log_line(std::string_view text) {
  log_text("message", text);
  terminal().show_message(text);
}

void warn_line(std::string_view text) {
  log_text("warning", text);
  terminal().show_warning(text);
}

std::string format_duration(double exact) {
  const auto seconds = static_cast<long long>(std::llround(std::max(0.0, exact)));
  if (seconds >= 3600)
    return printed("%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60)
    return printed("%lld min %02lld s", seconds / 60, seconds % 60);
  return printed("%lld s", seconds);
}

Progress::Progress(std::string label, std::uint64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total), start_(SteadyClock::now()), shown_(start_),
      logged_(start_), live_(redraws_lines()) {}

Progress::~Progress() {
  if (!finished_)
    terminal().leave_bar();
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
  const double per_second = rate();
  std::string text = label_ + " ";
  if (total_ > 0) {
    const double part = static_cast<double>(done_) / static_cast<double>(total_);
    if (live_) {
      constexpr int kWidth = 24;
      const int full = static_cast<int>(part * kWidth);
      text += "[" + std::string(full, '#') + std::string(kWidth - full, '.') + "] ";
    }
    text += printed("%3.0f %%", part * 100);
  }
  const std::string note = note_.empty() ? "" : "  " + note_;
  text += printed("%s  %.0f %s/s  ", note.c_str(), per_second, unit_.c_str());
  if (finished_)
    return text + "took " + format_duration(elapsed());
  if (total_ == 0 || done_ == skipped_)
    return text + "time left unknown";
  return text + format_duration(static_cast<double>(total_ - done_) / per_second) + " left";
}

void Progress::show(bool last) {
  log(last);
  const auto now = SteadyClock::now();
  const auto wait = live_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(kLineInterval);
  if (!last && now - shown_ < wait)
    return;
  shown_ = now;
  if (live_)
    terminal().show_bar(line(), last);
  else
    terminal().show_message(line());
}

void Progress::add(std::uint64_t done) {
  done_ += total_ == 0 ? done : std::min(done, total_ - done_);
}

void Progress::advance(std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  add(done);
  show(false);
}

void Progress::skip(std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = done_;
  add(done);
  skipped_ += done_ - before;
}

void Progress::note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  show(true);
}

} // namespace sciexam::inline support
