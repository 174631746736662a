#include "retrieval/search/query_terms.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kMostWeight = std::uint64_t{1} << 24;
constexpr double kMostUnits = 1 << 30;

using Weights = std::array<std::int32_t, kMostQueries>;

std::map<std::string, Weights> join(std::span<const Query> queries) {
  std::map<std::string, Weights> joined;
  for (std::size_t query = 0; query < queries.size(); ++query) {
    std::uint64_t sum = 0;
    for (const QueryTerm& term : queries[query]) {
      sum += term.weight;
      if (sum > kMostWeight)
        throw UsageError("A query has more than " + std::to_string(kMostWeight) + " words. Shorten it");
      if (term.weight > 0)
        joined[term.term][query] += static_cast<std::int32_t>(term.weight);
    }
  }
  return joined;
}

} // namespace

QueryTerms look_up(const PassageIndex& index, std::span<const Query> queries, const Bm25& parameters) {
  QueryTerms found;
  std::array<double, kMostQueries> most = {}, weights = {}; // a query's best possible score, and its weights' sum
  for (const auto& [term, term_weights] : join(queries)) {
    std::optional<TermRecord> record = index.terms().find(term);
    if (!record)
      continue;
    const double idf = inverse_document_frequency(index.manifest().counts.passages, record->document_frequency);
    for (std::size_t query = 0; query < queries.size(); ++query) {
      most[query] += term_weights[query] * idf;
      weights[query] += term_weights[query];
    }
    found.terms.push_back({term, std::move(*record), idf, {}, term_weights});
  }
  for (std::size_t query = 0; query < queries.size(); ++query) // bounds are a unit above each share
    while (std::ldexp(most[query], found.unit_bits) + 2 * weights[query] >= kMostUnits)
      --found.unit_bits;
  for (WeightedTerm& term : found.terms)
    term.score = term_score(parameters, term.idf, found.unit_bits, index.manifest().average_length());
  return found;
}

} // namespace sciexam::inline retrieval
