#include "retrieval/search/searcher.hpp"

#include "retrieval/index/bytes.hpp"
#include "retrieval/search/shard_search.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace sciexam::inline retrieval {
namespace {

/// Searches the shards that are there; one that turns out to be damaged is left out.
template <std::size_t kWidth>
void search_shards(const PassageIndex& index, const QueryTerms& terms, std::span<TopHits> top,
                   const SearchKernels& kernels) {
  for (std::size_t number = 0; number < index.shards(); ++number) {
    const Shard* const shard = index.shard(number);
    if (shard == nullptr)
      continue;
    try {
      ShardSearch<kWidth>(*shard, number, terms, top, kernels).run();
    } catch (const PackageError& error) {
      index.leave_out(number, error.what());
    }
  }
}

Hits to_hits(TopHits&& top, int unit_bits) {
  Hits hits;
  for (const auto& [score, passage] : std::move(top).sorted())
    hits.push_back({passage, std::ldexp(static_cast<double>(score), -unit_bits)});
  return hits;
}

} // namespace

Searcher::Searcher(const PassageIndex& index, const Bm25& parameters, const SearchKernels& kernels)
    : index_(&index), parameters_(parameters), kernels_(&kernels) {
  check_bm25(parameters_);
}

SearchResult Searcher::search(std::span<const Query> queries, std::size_t k) const {
  SearchResult result;
  // When a shard turns out to be damaged, all is searched again without it: its passages may be in earlier queries'
  // results, and may have displaced others in this one's.
  for (std::size_t left_out = SIZE_MAX; left_out != result.left_out.size();) {
    left_out = index_->left_out().size();
    result.hits.assign(queries.size(), {});
    for (std::size_t first = 0; first < queries.size(); first += kMostQueries) {
      const std::size_t count = std::min(kMostQueries, queries.size() - first);
      search_batch(queries.subspan(first, count), k, std::span(result.hits).subspan(first, count));
    }
    result.left_out = index_->left_out();
  }
  return result;
}

void Searcher::search_batch(std::span<const Query> queries, std::size_t k, std::span<Hits> hits) const {
  if (k == 0)
    return;
  const QueryTerms terms = look_up(*index_, queries, parameters_);
  if (terms.unit_bits != kUnitBits && queries.size() > 1) { // the others' units must not depend on a heavy one
    for (std::size_t query = 0; query < queries.size(); ++query)
      search_batch(queries.subspan(query, 1), k, hits.subspan(query, 1));
    return;
  }
  std::vector<TopHits> top(queries.size(), TopHits(k));
  if (queries.size() == 1)
    search_shards<1>(*index_, terms, top, *kernels_);
  else
    search_shards<kMostQueries>(*index_, terms, top, *kernels_);
  for (std::size_t query = 0; query < queries.size(); ++query)
    hits[query] = to_hits(std::move(top[query]), terms.unit_bits);
}

std::vector<TermShare> Searcher::explain(const Query& query, std::uint32_t passage) const {
  const std::vector<ShardRecord>& shards = index_->manifest().shards;
  const auto found = std::find_if(shards.begin(), shards.end(), [&](const ShardRecord& shard) {
    return passage >= shard.first_passage && passage - shard.first_passage < shard.passages;
  });
  if (found == shards.end())
    throw UsageError("The index has no passage " + std::to_string(passage));
  const auto number = static_cast<std::size_t>(found - shards.begin());
  const Shard* const shard = index_->shard(number);
  if (shard == nullptr)
    throw PackageError(found->postings_file.name, "is left out, and with it passage " + std::to_string(passage),
                       kIndexRemedy);
  std::map<std::string, TermShare> shares;
  for (const QueryTerm& term : query) {
    TermShare& share = shares[term.term];
    share.term = term.term;
    share.weight += term.weight;
  }
  const QueryTerms terms = look_up(*index_, std::span(&query, 1), parameters_);
  for (const WeightedTerm& term : terms.terms) {
    TermShare& share = shares[term.term];
    share.document_frequency = term.record.document_frequency;
    share.idf = term.idf;
    const ListPlace& place = term.record.lists[number];
    if (place.passages == 0)
      continue;
    ListCursor cursor(*shard, place, term.score, *kernels_);
    const std::int32_t impact = cursor.impact_of(passage - shard->first_passage, 0);
    share.frequency = cursor.frequency_of(passage - shard->first_passage);
    share.score = std::ldexp(static_cast<double>(impact) * share.weight, -terms.unit_bits);
  }
  std::vector<TermShare> all;
  all.reserve(shares.size());
  for (auto& [term, share] : shares)
    all.push_back(std::move(share));
  return all;
}

} // namespace sciexam::inline retrieval
