// Time as a deadline sees it, replaceable in tests.
#pragma once

#include <chrono>
#include <utility>

namespace sciexam {

class Clock {
public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  /// Seconds since some fixed moment; never goes back.
  virtual double seconds() const = 0;
};

/// CLOCK_BOOTTIME: setting the machine's clock does not change it, and it goes on while the machine is suspended,
/// as the time that a notebook may take does.
class BootClock : public Clock {
public:
  double seconds() const override;
};

/// Seconds from lap to lap.
class Stopwatch {
public:
  /// Since the last lap, or since this was made.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Seconds for which this process has run or, where `container` is true, its process 1, which is as old as the
/// notebook's session. Process 1 is left out of account where /proc does not show it.
double age_of_session(bool container);

} // namespace sciexam
