// The best k passages so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sciexam::inline retrieval {

/// Passages are offered in ascending order, so that of equal scores the first stays.
class TopHits {
public:
  using Entry = std::pair<std::int32_t, std::uint32_t>; ///< score in units, passage

  explicit TopHits(std::size_t k) : k_(k) {}
  /// A score must be above this to be kept: at first 0; with k = 0 none is.
  std::int32_t threshold() const noexcept { return threshold_; }
  void offer(std::int32_t score, std::uint32_t passage) {
    if (score <= threshold_ || k_ == 0)
      return;
    if (entries_.size() == k_) {
      std::pop_heap(entries_.begin(), entries_.end(), better);
      entries_.back() = {score, passage};
    } else {
      entries_.emplace_back(score, passage);
    }
    std::push_heap(entries_.begin(), entries_.end(), better);
    if (entries_.size() == k_)
      threshold_ = entries_.front().first;
  }
  /// Best first.
  std::vector<Entry> sorted() && {
    std::sort(entries_.begin(), entries_.end(), better);
    return std::move(entries_);
  }

private:
  static bool better(const Entry& a, const Entry& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  }

  std::size_t k_;
  std::int32_t threshold_ = 0;
  std::vector<Entry> entries_; // a heap: the worst in front
};

} // namespace sciexam::inline retrieval
