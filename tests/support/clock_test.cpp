#include "support/clock.hpp"

#include <chrono>
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
