#include "support/machine/threads.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <sched.h>

using namespace sciexam;

TEST_CASE("every index is worked on once, whatever the number of threads") {
  for (const int threads : {-1, 0, 1, 2, 3, 8})
    for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      parallel_for(count, threads, [&](std::size_t i) { ++done.at(i); });
      CAPTURE(threads, count);
      std::size_t once = 0;
      for (const auto& times : done)
        once += times == 1;
      CHECK(once == count);
    }
}

TEST_CASE("no more threads work than were asked for") {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_for(60, 3, [&](std::size_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); // time for every thread to take its part
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  CHECK(seen.size() <= 3);
}

TEST_CASE("one thread works in order, in the caller's thread") {
  std::vector<std::size_t> order;
  parallel_for(5, 1, [&](std::size_t i) { order.push_back(i); });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("tasks on several threads run at the same time") {
  std::atomic<int> arrived = 0;
  parallel_for(2, 2, [&](std::size_t) {
    ++arrived;
    while (arrived < 2) // each waits for the other
      std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("the first exception of a task is rethrown, and work stops") {
  for (const int threads : {1, 4}) {
    std::atomic<std::size_t> started = 0;
    CHECK_THROWS_AS(parallel_for(1'000'000, threads,
                                 [&](std::size_t i) {
                                   ++started;
                                   if (i == 10)
                                     throw std::runtime_error("ten");
                                 }),
                    std::runtime_error);
    CHECK(started < 1'000'000);
  }
}

TEST_CASE("the threads available are no more than the CPUs that the process may use") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(available_threads() >= 1);
  CHECK(available_threads() <= CPU_COUNT(&before));

  int first = 0;
  while (!CPU_ISSET(first, &before))
    ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  const int available = available_threads();
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(available == 1);
}
