// SIGINT and SIGTERM as a wish that long work can look for.
#pragma once

namespace sciexam {

/// While one lives, SIGINT and SIGTERM do not end the process but make interrupted() true. Another one,
/// two seconds later or more, ends it as usual.
class InterruptGuard {
public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
};

/// True once a signal came while an InterruptGuard lived.
bool interrupted() noexcept;

} // namespace sciexam
