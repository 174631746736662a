// Time as a deadline sees it, replaceable in tests.
#pragma once

#include <chrono>
#include <utility>

namespace sciexam::inline support {

class Clock {
public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  /// Seconds since some fixed moment; never decreases.
  virtual double seconds() const = 0;
};

/// CLOCK_BOOTTIME: unaffected by changes of the machine's clock, and it keeps running while the machine is suspended,
/// as the time limit of a notebook does.
class BootClock : public Clock {
public:
  double seconds() const override;
};

/// Seconds from lap to lap.
class Stopwatch {
public:
  /// Since the last lap, or since construction.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Seconds for which this process has run; where `container` is true, the age of process 1, which is as old as the
/// notebook's session. Process 1 is ignored where /proc does not show it.
double age_of_session(bool container);

struct TimeLeft {
  double seconds = 0;      ///< 0 or more
  bool of_session = false; ///< counted from the start of the notebook's session, not of the program
};

/// What is left of a limit in seconds. `notebook`: counted from the start of the session, unless that is older than the
/// limit, as an interactive one may be: then it cannot be the one that the limit is for.
TimeLeft time_left_of(double limit, bool notebook);

} // namespace sciexam::inline support
