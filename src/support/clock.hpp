// Time as a deadline sees it, replaceable in tests.
#pragma once

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

/// Seconds for which this process has run or, where `container` is true, its process 1, which is as old as the
/// notebook's session. Process 1 is left out of account where /proc does not show it.
double age_of_session(bool container);

} // namespace sciexam
