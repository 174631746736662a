#include "train/job/run_queue.hpp"

namespace sciexam::inline train {

RunQueue::RunQueue(std::size_t runs, bool resume) {
  for (std::size_t run = 0; run < runs; ++run)
    waiting_.push_back({run, resume});
}

std::optional<RunQueue::Item> RunQueue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failure_ || !waiting_.empty() || running_ == 0; });
  if (failure_ || waiting_.empty())
    return std::nullopt;
  const Item item = waiting_.front();
  waiting_.pop_front();
  ++running_;
  return item;
}

void RunQueue::finish() {
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

void RunQueue::give_back(const Item& item) {
  const std::lock_guard lock(mutex_);
  waiting_.push_front({item.run, true});
  --running_;
  changed_.notify_all();
}

void RunQueue::fail(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_)
    failure_ = std::move(failure);
  --running_;
  changed_.notify_all();
}

void RunQueue::rethrow() const {
  if (failure_)
    std::rethrow_exception(failure_);
}

} // namespace sciexam::inline train
