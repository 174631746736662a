// What is searched, and what is found.
#pragma once

#include "retrieval/index/passage_index.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

struct QueryTerm {
  std::string term;         ///< as the index's analyser makes it
  std::uint32_t weight = 1; ///< how often the query has it
};

/// A term may come several times: weights add up. Terms that the index does not know change nothing.
using Query = std::vector<QueryTerm>;

struct Hit {
  std::uint32_t passage = 0; ///< number in the index
  double score = 0;          ///< above 0, exact: a whole number of units
  bool operator==(const Hit&) const = default;
};

/// Best first; of equal scores the lower passage first.
using Hits = std::vector<Hit>;

struct SearchResult {
  std::vector<Hits> hits;             ///< [queries], at most k each
  std::vector<LeftOutShard> left_out; ///< shards whose passages are not among them; scores are as if they were
};

} // namespace sciexam::inline retrieval
