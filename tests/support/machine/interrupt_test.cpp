#include "support/machine/interrupt.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace sciexam;

namespace {

/// Sends SIGTERM to a child process twice, this many seconds apart; returns the signal that ended it, or 0 if it
/// survived.
int ended_by(unsigned seconds) {
  const pid_t child = fork();
  if (child == 0) {
    const InterruptGuard guard;
    std::raise(SIGTERM);
    sleep(seconds);
    std::raise(SIGTERM);
    _exit(interrupted() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!WIFSIGNALED(status))
    CHECK(WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

} // namespace

TEST_CASE("a signal is only a request while a guard exists, and a new guard forgets it") {
  for (const int number : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    CHECK_FALSE(interrupted());
    std::raise(number);
    CHECK(interrupted());
  }
}

TEST_CASE("a signal that comes twice at once is one, but later another one ends the process") {
  CHECK(ended_by(0) == 0);
  CHECK(ended_by(3) == SIGTERM);
}
