#include "support/clock.hpp"

#include <chrono>
#include <cmath>
#include <thread>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("the clock of deadlines goes on in seconds") {
  const BootClock clock;
  const double before = clock.seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const double passed = clock.seconds() - before;
  CHECK(passed >= 0.03);
  CHECK(passed < 30);
}

TEST_CASE("the session is at least as old as this process, and the machine older than both") {
  const double own = age_of_session(false);
  CHECK(own >= 0);
  CHECK(own < 600); // this test program
  CHECK(age_of_session(true) >= own);
  CHECK(age_of_session(true) <= BootClock().seconds());
}

TEST_CASE("a limit counts from the start of the session, or, where that is older than the limit, of the program") {
  const double own = age_of_session(false), session = age_of_session(true);
  const TimeLeft program = time_left_of(1000, false);
  CHECK(!program.of_session);
  CHECK(std::abs(program.seconds - (1000 - own)) < 5);
  const TimeLeft long_limit = time_left_of(session + 1000, true);
  CHECK(long_limit.of_session);
  CHECK(std::abs(long_limit.seconds - 1000) < 5);
  CHECK(!time_left_of(session / 2, true).of_session);
  CHECK(time_left_of(own / 2, false).seconds == 0);
}
