#include "support/machine/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <ctime>

namespace sciexam::inline support {
namespace {

/// Senders often signal both the process and its group (timeout(1) does); the two count as one.
constexpr time_t kSameSignalSeconds = 1;

/// The size of the handler's stack: many times what the kernel writes for the largest CPU state.
constexpr std::size_t kStackBytes = std::size_t{64} << 10;

volatile std::sig_atomic_t signalled = 0;
std::atomic<int> guards = 0;
timespec first_signal; // written by the handler, before `signalled`, and read by it alone

void on_signal(int number) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now); // one of the functions that a handler may call
  if (signalled == 0) {
    first_signal = now;
    signalled = 1;
  } else if (now.tv_sec - first_signal.tv_sec > kSameSignalSeconds) {
    std::signal(number, SIG_DFL);
    std::raise(number); // delivered when the handler returns
  }
}

} // namespace

// oneDNN's f32 products point the stack register at memory from malloc() while they run. A handler on that stack would
// write the frame of its signal over whatever lies below: with AVX-512 and AMX that is up to 11 KB.
InterruptGuard::InterruptGuard() : outermost_(guards++ == 0), stack_(outermost_ ? kStackBytes : 0) {
  if (!outermost_)
    return;
  signalled = 0;
  stack_t stack{};
  stack.ss_sp = stack_.data();
  stack.ss_size = stack_.size();
  sigaltstack(&stack, &previous_stack_);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

InterruptGuard::~InterruptGuard() {
  --guards;
  if (!outermost_)
    return;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  sigaltstack(&previous_stack_, nullptr);
}

bool interrupted() noexcept {
  return signalled != 0;
}

} // namespace sciexam::inline support
