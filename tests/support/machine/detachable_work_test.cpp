#include "support/machine/detachable_work.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// Opened once: work that waits for it has stalled.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false, passed = false;

  void pass() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
    passed = true;
    changed.notify_all();
  }
  void let_pass() {
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [&] { return passed; });
  }
};

} // namespace

TEST_CASE("work on a thread of its own is waited for, and what it throws arrives") {
  bool done = false;
  std::thread::id thread;
  CHECK(finish_or_leave(
      [&] {
        thread = std::this_thread::get_id();
        done = true;
      },
      nullptr));
  CHECK(done);
  CHECK(thread != std::this_thread::get_id());
  CHECK_THROWS_AS(finish_or_leave([] { throw std::runtime_error("no"); }, [] { return false; }), std::runtime_error);
}

TEST_CASE("work that stalls is left behind once it is given up, and what it owns lives as long as it") {
  const auto gate = std::make_shared<Gate>();
  auto owned = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = owned;
  int asked = 0;
  CHECK(!finish_or_leave([gate, owned = std::move(owned)] { gate->pass(); }, [&] { return ++asked == 3; }));
  CHECK(asked == 3);
  CHECK(!watched.expired());
  CHECK(!finish_or_leave([] { FAIL("there was no time for it"); }, [] { return true; }));
  gate->let_pass();
  for (int i = 0; i < 1000 && !watched.expired(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(watched.expired());
}
