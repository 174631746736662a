// A request to stop, shared by work on several threads.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace sciexam::inline support {

/// Calls `ask` only on the thread that made this object, and never again once it has returned true: from then on the
/// answer is true on every thread.
class SharedStop {
public:
  explicit SharedStop(std::function<bool()> ask) : ask_(std::move(ask)) {}

  bool operator()() const {
    if (!stopped_ && ask_ && std::this_thread::get_id() == owner_)
      stopped_ = ask_();
    return stopped_;
  }
  /// True if the answer has already been true; does not ask.
  bool stopped() const noexcept { return stopped_; }

private:
  std::function<bool()> ask_;
  std::thread::id owner_ = std::this_thread::get_id();
  mutable std::atomic<bool> stopped_ = false;
};

} // namespace sciexam::inline support
