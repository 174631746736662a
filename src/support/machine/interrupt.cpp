#include "support/machine/interrupt.hpp"

#include <csignal>
#include <ctime>

namespace sciexam {
namespace {

/// Senders often signal both the process and its group (timeout(1) does); the two count as one.
constexpr time_t kSameSignalSeconds = 1;

volatile std::sig_atomic_t signalled = 0;
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

InterruptGuard::InterruptGuard() {
  signalled = 0;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupted() noexcept {
  return signalled != 0;
}

} // namespace sciexam
