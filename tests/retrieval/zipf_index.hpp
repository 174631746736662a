// Indexes of random passages whose terms are distributed as in a language (Zipf), and what an exhaustive search finds.
#pragma once

#include "retrieval/index/passage_index.hpp"
#include "retrieval/index/small_index.hpp"
#include "retrieval/search/searcher.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sciexam::test {

/// The record of an analyser that tests name: their terms are made without one.
inline Json no_analyser(int version = 1) {
  return {{"name", "none"}, {"version", version}};
}

struct ZipfSettings {
  std::uint64_t seed = 1;
  std::uint32_t passages = 2000, shard_passages = 1U << 22;
  std::uint32_t vocabulary = 3000, least_length = 0, most_length = 120;
};

/// Random terms, the first the most frequent: term r with a probability that falls as 1 / (r + 2).
class ZipfTerms {
public:
  ZipfTerms(std::uint32_t vocabulary, std::uint64_t seed) : vocabulary_(vocabulary), random_({seed, {}}) {}
  std::uint32_t below(std::uint32_t bound) { return random_.below(bound); }
  std::string next() {
    const double uniform = (random_.next() + 0.5) / 4294967296.0;
    const double rank = 2 * (std::pow((vocabulary_ + 2) / 2.0, uniform) - 1);
    return "t" + std::to_string(static_cast<std::uint32_t>(rank));
  }

private:
  std::uint32_t vocabulary_;
  RandomSequence random_;
};

/// What went into an index: for each passage how often it has which terms.
struct PlainIndex {
  std::vector<std::map<std::string, std::uint32_t>> passages;
  std::vector<std::uint32_t> lengths;
  std::map<std::string, std::uint64_t> document_frequencies;

  double average_length() const {
    double sum = 0;
    for (const std::uint32_t length : lengths)
      sum += length;
    return lengths.empty() ? 0 : sum / static_cast<double>(lengths.size());
  }
};

/// Writes an index of articles of one to four passages into `folder`.
inline PlainIndex write_zipf_index(const std::filesystem::path& folder, const ZipfSettings& settings) {
  ZipfTerms terms(settings.vocabulary, settings.seed);
  PlainIndex plain;
  SmallIndex index;
  while (plain.passages.size() < settings.passages) {
    const std::uint32_t left = settings.passages - static_cast<std::uint32_t>(plain.passages.size());
    std::string text;
    std::vector<AnalysedPassage> passages;
    for (std::uint32_t i = std::min(left, 1 + terms.below(4)); i > 0; --i) {
      AnalysedPassage passage = {.begin = text.size()};
      const std::uint32_t length =
          settings.least_length + terms.below(settings.most_length - settings.least_length + 1);
      for (std::uint32_t j = 0; j < length; ++j) {
        passage.terms.push_back(terms.next());
        text += passage.terms.back() + " ";
      }
      text += ". ";
      passage.bytes = text.size() - passage.begin;
      std::map<std::string, std::uint32_t>& counts = plain.passages.emplace_back();
      for (const std::string& term : passage.terms)
        ++counts[term];
      for (const auto& [term, count] : counts)
        ++plain.document_frequencies[term];
      plain.lengths.push_back(length);
      passages.push_back(std::move(passage));
    }
    const std::string number = std::to_string(plain.passages.size());
    index.add_article("id" + number, "Title " + number, text, std::move(passages));
  }
  index.write(folder, {.title = "random", .created_by = "a test", .analyser = no_analyser()},
              {.shard_passages = settings.shard_passages, .compression_level = 1});
  return plain;
}

/// BM25 of every passage, by the formula's own words; the integers of bm25.hpp.
inline Hits search_exhaustively(const PlainIndex& plain, const Query& query, std::size_t k,
                                const Bm25& parameters = {}) {
  std::map<std::string, std::uint32_t> weights;
  for (const QueryTerm& term : query)
    weights[term.term] += term.weight;
  std::vector<std::int64_t> sums(plain.passages.size());
  for (const auto& [term, weight] : weights) {
    const auto found = plain.document_frequencies.find(term);
    if (found == plain.document_frequencies.end())
      continue;
    const double idf = inverse_document_frequency(plain.passages.size(), found->second);
    const TermScore score = term_score(parameters, idf, kUnitBits, plain.average_length());
    for (std::size_t passage = 0; passage < sums.size(); ++passage)
      if (const auto count = plain.passages[passage].find(term); count != plain.passages[passage].end())
        sums[passage] += std::int64_t{weight} * score.impact(count->second, plain.lengths[passage]);
  }
  Hits hits;
  for (std::size_t passage = 0; passage < sums.size(); ++passage)
    if (sums[passage] > 0)
      hits.push_back({static_cast<std::uint32_t>(passage), std::ldexp(static_cast<double>(sums[passage]), -kUnitBits)});
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  hits.resize(std::min(k, hits.size()));
  return hits;
}

/// A query of so many terms, some of them twice and some unknown.
inline Query random_query(ZipfTerms& terms, std::size_t count) {
  Query query;
  while (query.size() < count)
    query.push_back({terms.next(), 1 + (terms.below(8) == 0 ? 1U : 0U)});
  if (terms.below(4) == 0)
    query.push_back({"unknown"});
  return query;
}

/// A question's six queries: the prompt, with all options, and with each of five.
inline std::vector<Query> random_question(ZipfTerms& terms, std::size_t prompt_terms, std::size_t option_terms) {
  std::vector<Query> queries(2, random_query(terms, prompt_terms));
  for (int i = 0; i < 5; ++i) {
    const Query option = random_query(terms, option_terms);
    queries.push_back(queries[0]);
    queries.back().insert(queries.back().end(), option.begin(), option.end());
    queries[1].insert(queries[1].end(), option.begin(), option.end());
  }
  return queries;
}

} // namespace sciexam::test
