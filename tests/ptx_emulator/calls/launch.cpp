#include "ptx_emulator/calls/launch.hpp"

#include <atomic>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace sciexam::emulated {
namespace {

class Grid {
public:
  explicit Grid(const Launch& launch) : launch_(launch) {}

  Outcome run(unsigned threads) {
    std::vector<std::thread> helpers;
    for (unsigned k = 1; k < threads && k < launch_.blocks(); ++k)
      helpers.emplace_back([this] { work(); });
    work();
    for (std::thread& helper : helpers)
      helper.join();
    outcome_.counters.launches = 1;
    return outcome_;
  }

private:
  void work() {
    Block block(launch_, share_);
    for (std::uint64_t number = next_++; number < launch_.blocks() && number < failed_; number = next_++)
      try {
        block.run(number);
      } catch (const Finding& finding) {
        note(number, finding, block);
        break;
      }
    const std::lock_guard lock(mutex_);
    outcome_.counters.add(block.counters());
  }

  /// The first block's fault is the one that is reported, however many run at once.
  void note(std::uint64_t number, const Finding& finding, const Block& block) {
    const std::lock_guard lock(mutex_);
    if (number >= failed_)
      return;
    failed_ = number;
    outcome_.result = finding.result();
    outcome_.report = launch_.program->name + ": " + block.place(finding) + ": " + finding.what();
  }

  const Launch& launch_;
  BlocksShare share_;
  std::mutex mutex_; ///< of outcome_
  Outcome outcome_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<std::uint64_t> failed_ = std::numeric_limits<std::uint64_t>::max();
};

} // namespace

Outcome run_grid(const Launch& launch, unsigned threads) {
  return Grid(launch).run(threads);
}

} // namespace sciexam::emulated
