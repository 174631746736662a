// The runs of a training, for several devices: who is free takes the next.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

namespace sciexam::inline train {

class RunQueue {
public:
  struct Item {
    std::size_t run = 0;
    bool resume = false; ///< from the state that a device left which failed
  };

  RunQueue(std::size_t runs, bool resume);

  /// Waits for a run while others might give theirs back. Nothing: all are done, or one has failed.
  std::optional<Item> take();
  /// A run that was taken is done, is for another device, or has failed for good.
  void finish();
  void give_back(const Item& item);
  void fail(std::exception_ptr failure);

  /// Runs that nobody has done. To be called when nobody takes any more.
  std::size_t left() const { return waiting_.size(); }
  /// Throws the first failure again, if there was one.
  void rethrow() const;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

} // namespace sciexam::inline train
