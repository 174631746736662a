#include "support/machine/interrupt.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <sys/syscall.h>
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

/// Sends SIGTERM to this process while the stack register points at `top`, as oneDNN's products have it in memory from
/// malloc().
void signal_with_stack_at(std::byte* top) {
  long result = SYS_kill;
  asm volatile("mov %%rsp, %%rbx\n\t"
               "mov %[top], %%rsp\n\t"
               "syscall\n\t"
               "mov %%rbx, %%rsp"
               : "+a"(result)
               : [top] "r"(top), "D"(static_cast<long>(getpid())), "S"(static_cast<long>(SIGTERM))
               : "rbx", "rcx", "r11", "memory");
  REQUIRE(result == 0);
}

} // namespace

TEST_CASE("a signal writes nothing where the stack register points") {
  std::vector<std::byte> memory(std::size_t{64} << 10);
  const InterruptGuard guard;
  signal_with_stack_at(memory.data() + memory.size() - 64);
  CHECK(interrupted());
  CHECK(std::ranges::all_of(memory, [](std::byte b) { return b == std::byte{0}; }));
}

TEST_CASE("a signal is only a request while a guard exists, and a new guard forgets it") {
  for (const int number : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    CHECK_FALSE(interrupted());
    std::raise(number);
    CHECK(interrupted());
  }
}

TEST_CASE("a signal that comes twice at once counts once, but another one later ends the process") {
  CHECK(ended_by(0) == 0);
  CHECK(ended_by(3) == SIGTERM);
}
