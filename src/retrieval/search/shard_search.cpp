#include "retrieval/search/shard_search.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace sciexam::inline retrieval {

template <std::size_t kWidth>
ShardSearch<kWidth>::ShardSearch(const Shard& shard, std::size_t number, const QueryTerms& terms,
                                 std::span<TopHits> top, const SearchKernels& kernels)
    : first_passage_(shard.first_passage), passages_(shard.passages), top_(top),
      add_(kWidth == 1 ? kernels.add_to_one : kernels.add_to_eight), sums_(kWindow), touched_(kWindow / 64) {
  for (const WeightedTerm& term : terms.terms) {
    const ListPlace& place = term.record.lists[number];
    if (place.passages == 0)
      continue;
    Row weights;
    std::copy_n(term.weights.begin(), kWidth, weights.begin());
    terms_.push_back({ListCursor(shard, place, term.score, kernels), weights, 0});
  }
  order_.resize(terms_.size());
  rest_.resize(terms_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::run() {
  std::uint32_t stretch = kWindow;
  for (std::uint32_t begin = 0; begin < passages_;) {
    const std::uint32_t end = begin + std::min(stretch, passages_ - begin);
    order_terms(begin, end);
    search_stretch(begin, end);
    begin = end;
    stretch = std::min(2 * stretch, kLongestStretch); // thresholds rise fast at first, and the order with them
  }
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::order_terms(std::uint32_t begin, std::uint32_t end) {
  for (std::size_t query = 0; query < top_.size(); ++query)
    thresholds_[query] = top_[query].threshold();
  std::vector<double> key(terms_.size());
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    Term& term = terms_[i];
    term.cursor.skip_blocks(begin);
    term.bound = term.cursor.at_end() ? 0 : term.cursor.bound_before(end);
    for (std::size_t query = 0; query < kWidth; ++query)
      key[i] = std::max(key[i], static_cast<double>(term.weights[query]) * term.bound / (thresholds_[query] + 1.0));
  }
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t a, std::size_t b) { return key[a] != key[b] ? key[a] < key[b] : a < b; });
  Row sum = {};
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Term& term = terms_[order_[i]];
    for (std::size_t query = 0; query < kWidth; ++query)
      sum[query] += term.weights[query] * term.bound;
    rest_[i] = sum;
  }
}

/// Of the terms in order: so many together cannot bring a passage into any list.
template <std::size_t kWidth>
std::size_t ShardSearch<kWidth>::count_inessential() const {
  std::size_t count = 0;
  while (count < rest_.size() && !could_enter(rest_[count], {}))
    ++count;
  return count;
}

template <std::size_t kWidth>
bool ShardSearch<kWidth>::could_enter(const Row& sums, const Row& rest) const {
  std::int32_t any = 0;
  for (std::size_t query = 0; query < kWidth; ++query) // no branch: a vector's instructions
    any |= thresholds_[query] - sums[query] - rest[query];
  return any < 0;
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::search_stretch(std::uint32_t begin, std::uint32_t end) {
  while (begin < end) {
    const std::size_t inessential = count_inessential();
    std::uint32_t first = end;
    for (std::size_t i = inessential; i < order_.size(); ++i)
      first = std::min(first, terms_[order_[i]].cursor.seek(begin));
    if (first == end)
      return;
    const std::uint32_t window_end = first + std::min(kWindow, end - first);
    add_essential(inessential, first, window_end);
    gather_candidates(inessential, first);
    complete_candidates(inessential);
    begin = window_end;
  }
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::add_essential(std::size_t first, std::uint32_t begin, std::uint32_t end) {
  window_begin_ = begin;
  for (std::size_t i = first; i < order_.size(); ++i) {
    Term& term = terms_[order_[i]];
    term.cursor.add_before(end,
                           {.window_begin = begin,
                            .weights = term.weights.data(),
                            .sums = sums_.data()->data(),
                            .touched = touched_.data()},
                           add_);
  }
}

/// Of the passages that were touched: those that could enter a list. The others' sums are cleared.
template <std::size_t kWidth>
void ShardSearch<kWidth>::gather_candidates(std::size_t inessential, std::uint32_t begin) {
  const Row rest = inessential == 0 ? Row{} : rest_[inessential - 1];
  for (std::size_t word = 0; word < touched_.size(); ++word) {
    for (std::uint64_t bits = touched_[word]; bits != 0; bits &= bits - 1) {
      const auto place = static_cast<std::uint32_t>(64 * word) + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (could_enter(sums_[place], rest))
        candidates_.push_back(begin + place);
      else
        sums_[place] = {};
    }
    touched_[word] = 0;
  }
}

/// What a share of `term`, not weighted, must exceed for it to matter to any query: if it adds no more, the passage
/// cannot enter by the terms of `rest`, which are those up to it.
template <std::size_t kWidth>
std::int32_t ShardSearch<kWidth>::wanted(const Term& term, const Row& sums, const Row& rest) const {
  std::int32_t least = INT32_MAX;
  for (std::size_t query = 0; query < kWidth; ++query) {
    // In exact terms (threshold - sums - (rest - weight bound)) / weight; rounded down, which asks for less.
    const std::int32_t weight = term.weights[query];
    const std::int32_t missing = thresholds_[query] - sums[query] - rest[query] + weight * term.bound;
    if (weight == 0 ? missing < 0 : missing < weight)
      return 0;
    if (weight > 0)
      least = std::min(least, missing / weight);
  }
  return least;
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::complete_candidates(std::size_t inessential) {
  for (std::size_t i = inessential; i-- > 0 && !candidates_.empty();) {
    Term& term = terms_[order_[i]];
    std::size_t kept = 0;
    for (const std::uint32_t passage : candidates_) {
      Row& sums = sums_of(passage);
      if (!could_enter(sums, rest_[i])) {
        sums = {};
        continue;
      }
      candidates_[kept++] = passage;
      if (term.cursor.at_end())
        continue;
      const std::int32_t impact = term.cursor.impact_of(passage, wanted(term, sums, rest_[i]));
      for (std::size_t query = 0; query < kWidth; ++query)
        sums[query] += term.weights[query] * impact;
    }
    candidates_.resize(kept);
  }
  for (const std::uint32_t passage : candidates_) {
    Row& sums = sums_of(passage);
    for (std::size_t query = 0; query < top_.size(); ++query)
      top_[query].offer(sums[query], first_passage_ + passage);
    sums = {};
  }
  candidates_.clear();
  for (std::size_t query = 0; query < top_.size(); ++query)
    thresholds_[query] = top_[query].threshold();
}

template class ShardSearch<1>;
template class ShardSearch<kMostQueries>;

} // namespace sciexam::inline retrieval
