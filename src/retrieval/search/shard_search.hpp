// The best passages of one shard for up to eight queries that share terms, exactly: MaxScore (Turtle and Flood 1995)
// over windows of passages, as Dimopoulos, Nepomnyachiy and Suel (2013, "Optimizing Top-k Document Retrieval Strategies
// for Block-Max Indexes") go through live blocks.
//
// Terms stand in the order of what they can add at most, measured by what each query's list asks for. A passage that
// has only the first few of them cannot get into any query's list: these are not gone through. The other terms'
// postings, the essential ones, are added into an array of sums for the passages of a window; then only those passages
// that could still get into a list are looked up in the rest, the best term first, until they no longer could.
#pragma once

#include "retrieval/search/list_cursor.hpp"
#include "retrieval/search/query_terms.hpp"
#include "retrieval/search/top_hits.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline retrieval {

/// kWidth: 1, or kMostQueries, of which some may be empty.
template <std::size_t kWidth>
class ShardSearch {
public:
  /// `top`: [queries], at most kWidth, with the hits of the shards before. Throws PackageError if the shard is damaged.
  ShardSearch(const Shard& shard, std::size_t number, const QueryTerms& terms, std::span<TopHits> top,
              const SearchKernels& kernels);
  /// Offers the shard's passages, by their numbers in the index, to `top`. Throws PackageError.
  void run();

private:
  using Row = std::array<std::int32_t, kWidth>; // a number for each query
  struct Term {
    ListCursor cursor;
    Row weights;
    std::int32_t bound; // of its postings in the current stretch
    double density;     // of its postings: how many a passage
  };
  /// Windows are searched with the terms' order and bounds of a stretch of them.
  static constexpr std::uint32_t kWindow = kWidth == 1 ? 8192 : 2048, kLongestStretch = 4 * kWindow;

  void order_terms(std::uint32_t begin, std::uint32_t end);
  void search_stretch(std::uint32_t begin, std::uint32_t end);
  std::size_t count_inessential() const;
  void search_window(std::size_t inessential);
  std::size_t look_up_rest(std::size_t count);
  double expected_postings(const Term& term) const { return term.density * (window_end_ - window_begin_); }
  void add(Term& term, std::uint64_t* touched);
  void gather_candidates(const Row& rest);
  void scan_candidates(const Row& rest);
  void keep_candidates(const Row& rest);
  void look_up(Term& term, const Row& rest);
  void offer_candidates();
  void clear_sums(bool all);
  bool could_enter(const Row& sums, const Row& rest) const;
  std::int32_t wanted(const Term& term, const Row& sums, const Row& rest) const;

  std::uint32_t first_passage_, passages_;
  std::span<TopHits> top_;
  const SearchKernels& kernels_;
  std::vector<Term> terms_;
  std::vector<std::size_t> order_; // the least first
  std::vector<Row> rest_;          // [order]: the most that the terms up to here can add
  Row thresholds_ = {};
  std::uint32_t window_begin_ = 0, window_end_ = 0;
  std::vector<Row> sums_;                 // [kWindow]; zero between windows
  std::vector<std::uint64_t> touched_;    // a bit for each
  std::vector<std::uint32_t> candidates_; // within the window, ascending
  std::size_t candidate_count_ = 0;
  std::size_t added_at_once_ = 0; // of the inessential terms, the best ones
};

extern template class ShardSearch<1>;
extern template class ShardSearch<kMostQueries>;

} // namespace sciexam::inline retrieval
