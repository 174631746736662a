// A request to stop that work on several threads looks for.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace sciexam::inline support {

/// Asks `ask` on the thread that made it alone, and not again once the answer was true: then it is true for good, on
/// every thread.
class SharedStop {
public:
  explicit SharedStop(std::function<bool()> ask) : ask_(std::move(ask)) {}

  bool operator()() const {
    if (!stopped_ && ask_ && std::this_thread::get_id() == owner_)
      stopped_ = ask_();
    return stopped_;
  }
  /// True if the answer was true already; does not ask.
  bool stopped() const noexcept { return stopped_; }

private:
  std::function<bool()> ask_;
  std::thread::id owner_ = std::this_thread::get_id();
  mutable std::atomic<bool> stopped_ = false;
};

} // namespace sciexam::inline support
