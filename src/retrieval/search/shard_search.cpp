#include "retrieval/search/shard_search.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace sciexam::inline retrieval {
namespace {

/// Postings that are decoded, scored and added in the time in which one passage is looked up (measured).
constexpr double kLookUpCost = 16;
/// To look at all sums of a window costs as much as to note so many touched passages, as part of its passages.
constexpr double kScanCost = 16;
/// Candidates are looked through when the next term has at least one posting for so many of them.
constexpr double kKeepCost = 4;
/// A term is looked up again, that was added at once, when so many times fewer candidates than pay would be.
constexpr double kHesitation = 4;
/// Room for what a kernel writes behind the last candidate.
constexpr std::size_t kScannedBeyond = 16;

} // namespace

template <std::size_t kWidth>
ShardSearch<kWidth>::ShardSearch(const Shard& shard, std::size_t number, const QueryTerms& terms,
                                 std::span<TopHits> top, const SearchKernels& kernels)
    : first_passage_(shard.first_passage), passages_(shard.passages), top_(top), kernels_(kernels), sums_(kWindow),
      touched_(kWindow / 64), candidates_(kWindow + kScannedBeyond) {
  for (const WeightedTerm& term : terms.terms) {
    const ListPlace& place = term.record.lists[number];
    if (place.passages == 0)
      continue;
    Row weights;
    std::copy_n(term.weights.begin(), kWidth, weights.begin());
    terms_.push_back({ListCursor(shard, place, term.score, kernels), weights, 0,
                      static_cast<double>(place.passages) / shard.passages});
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
    window_begin_ = first;
    window_end_ = first + std::min(kWindow, end - first);
    search_window(inessential);
    begin = window_end_;
  }
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::search_window(std::size_t inessential) {
  // Terms that could be looked up, but of which too many passages would be: they are added at once.
  const std::size_t looked_up = inessential - std::min(inessential, added_at_once_);
  double postings = 0; // that are expected
  for (std::size_t i = looked_up; i < order_.size(); ++i)
    postings += expected_postings(terms_[order_[i]]);
  const bool dense = postings * kScanCost > kWindow;
  for (std::size_t i = looked_up; i < order_.size(); ++i) {
    Term& term = terms_[order_[i]];
    if (i < inessential && term.cursor.seek(window_begin_) >= window_end_)
      continue;
    add(term, dense ? nullptr : touched_.data());
  }
  const Row rest = looked_up == 0 ? Row{} : rest_[looked_up - 1];
  dense ? scan_candidates(rest) : gather_candidates(rest);
  const std::size_t first_candidates = candidate_count_;
  const std::size_t added = look_up_rest(looked_up);
  if (added > 0)
    added_at_once_ = inessential - looked_up + added;
  else if (looked_up < inessential && static_cast<double>(first_candidates) * kLookUpCost * kHesitation <
                                          expected_postings(terms_[order_[looked_up]]))
    added_at_once_ = inessential - looked_up - 1;
  offer_candidates();
  clear_sums(dense || added > 0); // there may be sums that are not noted
}

/// Completes the candidates' sums with the first `count` terms of the order, the best first. Of how many all postings
/// were added, because that is faster.
template <std::size_t kWidth>
std::size_t ShardSearch<kWidth>::look_up_rest(std::size_t count) {
  std::size_t added = 0;
  for (std::size_t i = count; i-- > 0 && candidate_count_ > 0;) {
    Term& term = terms_[order_[i]];
    if (term.bound == 0)
      continue;
    const double postings = expected_postings(term);
    if (i + 1 != count && postings * kKeepCost > static_cast<double>(candidate_count_))
      keep_candidates(rest_[i]);
    if (static_cast<double>(candidate_count_) * kLookUpCost < postings) {
      look_up(term, rest_[i]);
      continue;
    }
    if (term.cursor.seek(window_begin_) < window_end_)
      add(term, nullptr);
    ++added;
  }
  return added;
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::add(Term& term, std::uint64_t* touched) {
  term.cursor.add_before(
      window_end_,
      {.window_begin = window_begin_, .weights = term.weights.data(), .sums = sums_.data()->data(), .touched = touched},
      kWidth == 1 ? kernels_.add_to_one : kernels_.add_to_eight);
}

/// Of the passages that were touched: those that could enter a list.
template <std::size_t kWidth>
void ShardSearch<kWidth>::gather_candidates(const Row& rest) {
  std::size_t count = 0;
  for (std::size_t word = 0; word < touched_.size(); ++word)
    for (std::uint64_t bits = touched_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t place = 64 * word + static_cast<std::size_t>(std::countr_zero(bits));
      candidates_[count] = static_cast<std::uint32_t>(place);
      count += could_enter(sums_[place], rest) ? 1 : 0; // no branch: it would often be mispredicted
    }
  candidate_count_ = count;
}

/// The same by looking at all sums.
template <std::size_t kWidth>
void ShardSearch<kWidth>::scan_candidates(const Row& rest) {
  Row limits;
  for (std::size_t query = 0; query < kWidth; ++query)
    limits[query] = thresholds_[query] - rest[query]; // not below 0
  const auto scan = kWidth == 1 ? kernels_.scan_one : kernels_.scan_eight;
  candidate_count_ = static_cast<std::size_t>(scan(sums_.data()->data(), kWindow, limits.data(), candidates_.data()));
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::keep_candidates(const Row& rest) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidate_count_; ++i) {
    const std::uint32_t place = candidates_[i];
    candidates_[kept] = place;
    kept += could_enter(sums_[place], rest) ? 1 : 0;
  }
  candidate_count_ = kept;
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::look_up(Term& term, const Row& rest) {
  for (std::size_t i = 0; i < candidate_count_ && !term.cursor.at_end(); ++i) {
    Row& sums = sums_[candidates_[i]];
    const std::int32_t impact = term.cursor.impact_of(window_begin_ + candidates_[i], wanted(term, sums, rest));
    for (std::size_t query = 0; query < kWidth; ++query)
      sums[query] += term.weights[query] * impact;
  }
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::offer_candidates() {
  for (std::size_t i = 0; i < candidate_count_; ++i) {
    const std::uint32_t place = candidates_[i];
    for (std::size_t query = 0; query < top_.size(); ++query)
      top_[query].offer(sums_[place][query], first_passage_ + window_begin_ + place);
  }
  for (std::size_t query = 0; query < top_.size(); ++query)
    thresholds_[query] = top_[query].threshold();
}

template <std::size_t kWidth>
void ShardSearch<kWidth>::clear_sums(bool all) {
  if (all)
    std::fill(sums_.begin(), sums_.end(), Row{});
  for (std::size_t word = 0; word < touched_.size(); ++word) {
    for (std::uint64_t bits = touched_[word]; bits != 0 && !all; bits &= bits - 1)
      sums_[64 * word + static_cast<std::size_t>(std::countr_zero(bits))] = {};
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

template class ShardSearch<1>;
template class ShardSearch<kMostQueries>;

} // namespace sciexam::inline retrieval
