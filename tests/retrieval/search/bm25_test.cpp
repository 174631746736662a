#include "retrieval/search/bm25.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace sciexam;
using Catch::Matchers::WithinAbs;

TEST_CASE("a share is the formula's, to the unit") {
  const double idf = inverse_document_frequency(1000, 10);
  CHECK_THAT(idf, WithinAbs(std::log(1 + 990.5 / 10.5), 1e-12));
  const TermScore score = term_score({1.2, 0.75}, idf, kUnitBits, 80);
  for (const int frequency : {1, 2, 7, 300})
    for (const int length : {0, 1, 79, 80, 500, 65535}) {
      const double expected = idf * frequency / (frequency + 1.2 * (0.25 + 0.75 * length / 80));
      CHECK_THAT(score.impact(static_cast<std::uint32_t>(frequency), static_cast<std::uint32_t>(length)) * 0x1p-16,
                 WithinAbs(expected, 2e-5)); // half a unit, and three float roundings
    }
}

TEST_CASE("no posting has more than its block's bound") {
  for (const double idf : {1e-7, 0.3, 5.0, 17.4})
    for (const double average : {3.0, 80.7}) {
      const TermScore score = term_score({1.2, 0.75}, idf, kUnitBits, average);
      for (std::uint32_t frequency = 1; frequency < 700; frequency += 1 + frequency / 9)
        for (std::uint32_t length = 0; length < 700; length += 1 + length / 9) {
          const auto most = static_cast<std::uint8_t>(std::min(frequency, 255U));
          const auto least = static_cast<std::uint8_t>(std::min(length, 255U));
          CHECK(score.impact(frequency, length) <= score.bound(most, least));
          if (most < 255 && most > 1)
            CHECK(score.impact(frequency - 1, length + 1) <= score.bound(most, least));
        }
    }
}
