// Messages and a progress line on standard error. All of it may be used by several threads at once: lines stay whole,
// and a bar gives way to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace sciexam::inline support {

/// Writes one line to standard error, after clearing a live bar; nothing after set_quiet(true). The event log
/// (event_log.hpp) gets it in any case, as "message".
void log_line(std::string_view text);

/// The same for warnings and errors, which are written even when quiet; a "warning" in the event log.
void warn_line(std::string_view text);

/// Turns log_line() and all bars of Progress off, or on again.
void set_quiet(bool quiet);

/// The progress of one long piece of work. On a terminal a bar that is redrawn in place; elsewhere (a notebook, a pipe)
/// one line every `kLineInterval`. The event log gets a "progress" as often.
class Progress {
public:
  static constexpr std::chrono::seconds kLineInterval{5};

  /// `total` units of work, e.g. tokens, 0 if nobody knows how many; `unit` names them in the rate.
  Progress(std::string label, std::uint64_t total, std::string unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::uint64_t done);
  /// Work done by an earlier process: shown as done, but left out of the rate.
  void skip(std::uint64_t done);
  /// Shown from the next line on between the percentage and the rate, e.g. "loss 1.234".
  void note(std::string text);
  /// Draws the final state and ends the line.
  void finish();

private:
  // These expect mutex_ to be held.
  std::string line() const;
  double elapsed() const; ///< seconds
  double rate() const;
  void add(std::uint64_t done);
  void show(bool last);
  void log(bool last);

  std::mutex mutex_; ///< guards the members below; locked before the terminal's and the event log's
  std::string label_, unit_, note_;
  std::uint64_t total_, done_ = 0, skipped_ = 0;
  std::chrono::steady_clock::time_point start_, shown_, logged_;
  bool live_, finished_ = false;
};

/// "1 h 02 min", "3 min 20 s", "12 s".
std::string format_duration(double seconds);

} // namespace sciexam::inline support
