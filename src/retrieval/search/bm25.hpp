// BM25 as Robertson and Zaragoza (2009, "The Probabilistic Relevance Framework", section 3.4) and Lucene's
// BM25Similarity have it:
//
//     score(query, passage) = sum over the query's terms of
//         weight * ln(1 + (N - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * length / average length))
//
// N passages, n of them with the term; f is how often the passage has it; weight is how often the query has it. As in
// Lucene since version 8 there is no factor k1 + 1, which changes no order. Unlike there, lengths are exact.
//
// Each term's share (without `weight`) is rounded to a whole number of units of 2^-16, and the sum is one of integers:
// it is the same in every order of terms and passages, on every CPU, for any number of threads. A passage whose sum is
// 0 is no hit.
#pragma once

#include <cstdint>

namespace sciexam::inline retrieval {

struct Bm25 {
  double k1 = 1.2; ///< at least 0
  double b = 0.75; ///< 0 to 1
  bool operator==(const Bm25&) const = default;
};

/// Throws UsageError for values out of their range.
void check_bm25(const Bm25& parameters);

inline constexpr int kUnitBits = 16;

double inverse_document_frequency(std::uint64_t passages, std::uint64_t document_frequency);

/// Of one term in one index, for one k1 and b.
struct TermScore {
  float weight = 0;                    ///< idf, in units
  float norm_base = 0, norm_slope = 0; ///< k1 (1 - b), k1 b / average length

  /// In units. What every kernel computes, operation by operation, in float.
  std::int32_t impact(std::uint32_t frequency, std::uint32_t length) const;
  /// The most that a posting can have whose frequency is at most and whose length is at least so; both are a
  /// BlockSummary's, whose frequency of 255 stands for any.
  std::int32_t bound(std::uint8_t most_frequency, std::uint8_t least_length) const;
};
TermScore term_score(const Bm25& parameters, double idf, int unit_bits, double average_length);

} // namespace sciexam::inline retrieval
