// SIGINT and SIGTERM as a request that long work can poll.
#pragma once

#include <csignal>
#include <cstddef>
#include <vector>

namespace sciexam::inline support {

/// While a guard exists, SIGINT and SIGTERM make interrupted() true instead of ending the process. Another signal, two
/// or more seconds later, ends it as usual. To be made by the program's first thread, which is the one that the kernel
/// hands such signals to: they are handled on a stack of their own. While one exists, further ones, of any thread, do
/// nothing.
class InterruptGuard {
public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

private:
  bool outermost_;
  std::vector<std::byte> stack_;
  stack_t previous_stack_{};
};

/// True once a signal has arrived while an InterruptGuard existed.
bool interrupted() noexcept;

} // namespace sciexam::inline support
