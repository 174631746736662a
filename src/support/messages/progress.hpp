// Messages and a progress line on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sciexam {

/// One line to standard error, ended by a newline; clears a live bar first. Nothing once set_quiet(true) was called.
void log_line(std::string_view text);

/// The same for what must be seen also where all else is quiet: warnings and errors.
void warn_line(std::string_view text);

/// Turns log_line() and all bars of Progress off, or on again.
void set_quiet(bool quiet);

/// The progress of one long piece of work. On a terminal a bar that is redrawn
/// in place; elsewhere (a notebook, a pipe) one line every `kLineInterval`. The log of
/// events (support/event_log.hpp) gets a "progress" as often.
class Progress {
public:
  static constexpr std::chrono::seconds kLineInterval{5};

  /// `total` units of work, e.g. tokens; `unit` is their name in the rate shown.
  Progress(std::string label, std::uint64_t total, std::string unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::uint64_t done);
  /// Work that an earlier process did: shown as done, but not counted into the rate.
  void skip(std::uint64_t done);
  /// A text that the next lines show between the part done and the rate, such as "loss 1.234".
  void note(std::string text) { note_ = std::move(text); }
  /// Draws the last state and ends the line.
  void finish();

private:
  std::string line() const;
  double elapsed() const; ///< seconds
  double rate() const;
  void show(bool last);
  void log(bool last);

  std::string label_, unit_, note_;
  std::uint64_t total_, done_ = 0, skipped_ = 0;
  std::chrono::steady_clock::time_point start_, shown_, logged_;
  bool live_, finished_ = false;
};

/// "1 h 02 min", "3 min 20 s", "12 s".
std::string format_duration(double seconds);

} // namespace sciexam
