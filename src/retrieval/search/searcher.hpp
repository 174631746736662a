// Searches an index: exact top k by BM25.
#pragma once

#include "retrieval/search/bm25.hpp"
#include "retrieval/search/query.hpp"
#include "retrieval/search/search_kernels.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

/// What a term adds to a passage's score.
struct TermShare {
  std::string term;
  std::uint32_t weight = 0;             ///< in the query
  std::uint64_t document_frequency = 0; ///< 0: the index does not know it
  double idf = 0;
  std::uint32_t frequency = 0; ///< in the passage
  double score = 0;            ///< weighted; these sum up to the hit's
};

/// Without state but the index: several threads may search at once with one.
class Searcher {
public:
  /// Throws UsageError for parameters out of range. `index` must outlive this.
  explicit Searcher(const PassageIndex& index, const Bm25& parameters = {},
                    const SearchKernels& kernels = search_kernels());

  /// The best k passages of each query. Queries given together share the work on the terms that they share: up to eight
  /// are one pass. Their results do not depend on what they are given with. A shard whose damage is noticed is left out
  /// of all results from then on. Throws PackageError if the dictionary is damaged.
  SearchResult search(std::span<const Query> queries, std::size_t k) const;

  /// Of each term of the query, in the order of their bytes. Throws PackageError if the passage's shard is left out or
  /// damaged, UsageError if there is no such passage.
  std::vector<TermShare> explain(const Query& query, std::uint32_t passage) const;

private:
  void search_batch(std::span<const Query> queries, std::size_t k, std::span<Hits> hits) const;

  const PassageIndex* index_;
  Bm25 parameters_;
  const SearchKernels* kernels_;
};

} // namespace sciexam::inline retrieval
