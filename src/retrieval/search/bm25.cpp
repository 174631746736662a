#include "retrieval/search/bm25.hpp"

#include "support/errors.hpp"
#include "support/machine/x86_64_v3.hpp"

#include <cmath>

#include <immintrin.h>

namespace sciexam::inline retrieval {

void check_bm25(const Bm25& parameters) {
  constexpr double kMostK1 = 1000;
  if (!(parameters.k1 >= 0 && parameters.k1 <= kMostK1))
    throw UsageError("BM25's k1 is " + std::to_string(parameters.k1) + ". Give a number from 0 to 1000; 1.2 is usual");
  if (!(parameters.b >= 0 && parameters.b <= 1))
    throw UsageError("BM25's b is " + std::to_string(parameters.b) + ". Give a number from 0 to 1; 0.75 is usual");
}

double inverse_document_frequency(std::uint64_t passages, std::uint64_t document_frequency) {
  const auto all = static_cast<double>(passages), with = static_cast<double>(document_frequency);
  return std::log1p((all - with + 0.5) / (with + 0.5));
}

TermScore term_score(const Bm25& parameters, double idf, int unit_bits, double average_length) {
  const double slope = average_length > 0 ? parameters.k1 * parameters.b / average_length : 0;
  return {static_cast<float>(std::ldexp(idf, unit_bits)), static_cast<float>(parameters.k1 * (1 - parameters.b)),
          static_cast<float>(slope)};
}

SCIEXAM_V3 std::int32_t TermScore::impact(std::uint32_t frequency, std::uint32_t length) const {
  const float norm = __builtin_fmaf(static_cast<float>(length), norm_slope, norm_base);
  const auto f = static_cast<float>(frequency);
  const float part = f / (f + norm);
  return _mm_cvtss_si32(_mm_set_ss(weight * part)); // to the nearest, ties to even
}

std::int32_t TermScore::bound(std::uint8_t most_frequency, std::uint8_t least_length) const {
  // One more than the formula gives: the float operations may round a larger share down below a smaller one.
  if (most_frequency == UINT8_MAX)
    return static_cast<std::int32_t>(weight) + 1;
  return impact(most_frequency, least_length) + 1;
}

} // namespace sciexam::inline retrieval
