#include "model/torch_workers.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>
#include <catch2/catch_test_macros.hpp>

namespace sciexam::inline model {
namespace {

constexpr int kWorkers = 3;

/// Those of three threads, as long as it lives.
class ThreeThreads {
public:
  ThreeThreads() { at::set_num_threads(kWorkers); }
  ~ThreeThreads() { at::set_num_threads(before_); }
  ThreeThreads(const ThreeThreads&) = delete;
  ThreeThreads& operator=(const ThreeThreads&) = delete;

private:
  int before_ = at::get_num_threads();
};

/// Whether `condition` holds within ten seconds.
template <class Condition>
bool comes_true(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::yield();
  }
  return true;
}

} // namespace

TEST_CASE("workers run each task once, and no worker two at a time") {
  const ThreeThreads three;
  const Workers workers = torch_workers();
  REQUIRE(workers.count == kWorkers);
  for (const std::int64_t tasks : {0, 1, 2, 3, 4, 7, 100, 1000}) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks)), busy(kWorkers);
    std::atomic<bool> overlap = false;
    workers.run(tasks, [&](int worker, std::int64_t i) {
      if (busy.at(static_cast<std::size_t>(worker))++ != 0)
        overlap = true;
      ++runs.at(static_cast<std::size_t>(i));
      --busy.at(static_cast<std::size_t>(worker));
    });
    CHECK_FALSE(overlap);
    int wrong = 0;
    for (const std::atomic<int>& count : runs)
      wrong += count == 1 ? 0 : 1;
    CHECK(wrong == 0);
  }
}

TEST_CASE("a worker begins with its own part and goes on with what others leave") {
  const ThreeThreads three;
  constexpr std::int64_t kTasks = 90, kPart = kTasks / kWorkers;
  std::atomic<std::int64_t> done = 0;
  std::atomic<int> begun = 0;
  std::atomic<bool> all_begun = true, taken_over = false;
  std::vector<std::vector<std::int64_t>> tasks_of(kWorkers);
  torch_workers().run(kTasks, [&](int worker, std::int64_t i) {
    std::vector<std::int64_t>& mine = tasks_of.at(static_cast<std::size_t>(worker));
    mine.push_back(i);
    if (mine.size() == 1) { // nobody is done with its part before everybody has one
      ++begun;
      if (!comes_true([&] { return begun == kWorkers; }))
        all_begun = false;
      // The first one gets stuck until the others have done its tasks too.
      if (worker == 0 && comes_true([&] { return done == kTasks - 1; }))
        taken_over = true;
    }
    ++done;
  });
  CHECK(all_begun);
  CHECK(taken_over);
  CHECK(tasks_of[0] == std::vector<std::int64_t>{0});
  for (std::int64_t worker = 0; worker < kWorkers; ++worker) {
    const std::vector<std::int64_t>& tasks = tasks_of.at(static_cast<std::size_t>(worker));
    CHECK(tasks.at(0) == worker * kPart);
    const auto is_own = [&](std::int64_t i) { return i / kPart == worker; };
    CHECK(std::is_partitioned(tasks.begin(), tasks.end(), is_own));
    CHECK(std::is_sorted(tasks.begin(), std::partition_point(tasks.begin(), tasks.end(), is_own)));
  }
}

} // namespace sciexam::inline model
