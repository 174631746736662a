#include "support/machine/detachable_work.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sciexam::inline support {
namespace {

constexpr std::chrono::milliseconds kInterval{20};

/// What both threads hold: whichever ends last removes it.
struct Shared {
  std::function<void()> work;
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
  std::exception_ptr failure;

  void run() {
    std::exception_ptr thrown;
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    failure = std::move(thrown);
    has_ended = true;
    ended.notify_all();
  }
};

} // namespace

bool finish_or_leave(std::function<void()> work, const std::function<bool()>& give_up) {
  if (give_up && give_up())
    return false;
  const auto shared = std::make_shared<Shared>();
  shared->work = std::move(work);
  try {
    std::thread([shared] { shared->run(); }).detach();
  } catch (const std::system_error&) {
    shared->run(); // no more threads can be started: better late than never
  }
  std::unique_lock lock(shared->mutex);
  while (!shared->ended.wait_for(lock, kInterval, [&] { return shared->has_ended; }))
    if (give_up && give_up())
      return false;
  if (shared->failure)
    std::rethrow_exception(shared->failure);
  return true;
}

} // namespace sciexam::inline support
