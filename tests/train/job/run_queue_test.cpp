#include "train/job/run_queue.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("each run is taken once, and who finds none left is told so") {
  RunQueue queue(20, false);
  std::vector<std::atomic<int>> taken(20);
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
      workers.emplace_back([&] {
        while (const auto item = queue.take()) {
          ++taken[item->run];
          queue.finish();
        }
      });
  }
  for (const std::atomic<int>& times : taken)
    CHECK(times == 1);
  CHECK(queue.left() == 0);
  CHECK_NOTHROW(queue.rethrow());
}

TEST_CASE("a run that is given back is resumed by a worker that waits for it") {
  RunQueue queue(1, false);
  const auto first = queue.take();
  REQUIRE(first);
  CHECK_FALSE(first->resume);
  bool resumed = false;
  {
    const std::jthread other([&] {
      if (const auto item = queue.take()) {
        resumed = item->run == 0 && item->resume;
        queue.finish();
      }
    });
    queue.give_back(*first);
  }
  CHECK(resumed);
  CHECK(queue.left() == 0);
}

TEST_CASE("after a failure nobody takes another run, and it is thrown again") {
  RunQueue queue(3, true);
  REQUIRE(queue.take());
  queue.fail(std::make_exception_ptr(std::runtime_error("the loss is not finite")));
  CHECK_FALSE(queue.take());
  CHECK(queue.left() == 2);
  CHECK_THROWS_AS(queue.rethrow(), std::runtime_error);
}

TEST_CASE("runs that all devices gave back are left") {
  RunQueue queue(2, false);
  const auto item = queue.take();
  queue.give_back(*item);
  CHECK(queue.left() == 2);
}
