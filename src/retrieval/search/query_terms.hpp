// The terms of a few queries, looked up together.
#pragma once

#include "retrieval/search/bm25.hpp"
#include "retrieval/search/query.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline retrieval {

/// Queries that are searched at once.
inline constexpr std::size_t kMostQueries = 8;

struct WeightedTerm {
  std::string term;
  TermRecord record;
  double idf = 0;
  TermScore score;
  std::array<std::int32_t, kMostQueries> weights = {}; ///< in each query; 0: it is not in it
};

struct QueryTerms {
  std::vector<WeightedTerm> terms; ///< that the index has, in the order of their bytes
  int unit_bits = kUnitBits;       ///< a unit of the scores is 2^-unit_bits
};

/// At most kMostQueries queries. Units are kUnitBits fine unless the best possible score of one of them would reach
/// 2^30 of these: so heavy queries have coarser ones. Throws PackageError if the dictionary is damaged, UsageError if
/// weights are beyond all reason (their sum above 2^24).
QueryTerms look_up(const PassageIndex& index, std::span<const Query> queries, const Bm25& parameters);

} // namespace sciexam::inline retrieval
