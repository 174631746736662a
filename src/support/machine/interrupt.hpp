// SIGINT and SIGTERM as a request that long work can poll.
#pragma once

namespace sciexam {

/// While one exists, SIGINT and SIGTERM make interrupted() true instead of ending the process. Another signal, two
/// seconds later or more, ends it as usual.
class InterruptGuard {
public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
};

/// True once a signal has arrived while an InterruptGuard existed.
bool interrupted() noexcept;

} // namespace sciexam
