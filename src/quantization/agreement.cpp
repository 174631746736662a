#include "quantization/agreement.hpp"

#include "exam/ranking.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline quantization {
namespace {

Ranking ranking_of(const OptionLogits& logits) {
  OptionScores scores{};
  std::copy(logits.begin(), logits.end(), scores.begin());
  return rank_by_scores(scores);
}

} // namespace

Agreement compare(std::span<const OptionLogits> a, std::span<const OptionLogits> b) {
  constexpr std::ptrdiff_t kGuesses = 3;
  Agreement agreement{.questions = a.size()};
  for (std::size_t q = 0; q < a.size(); ++q) {
    const Ranking first = ranking_of(a[q]), second = ranking_of(b[q]);
    agreement.other_first += first[0] != second[0];
    agreement.other_order += !std::equal(first.begin(), first.begin() + kGuesses, second.begin());
    for (std::size_t i = 0; i < kOptions; ++i)
      agreement.largest_difference =
          std::max(agreement.largest_difference, std::abs(static_cast<double>(a[q][i]) - static_cast<double>(b[q][i])));
  }
  return agreement;
}

std::string describe(const Agreement& agreement) {
  return printed(
      "of %zu questions the first guess differs for %zu and the order of the first three for %zu; logits differ "
      "by up to %.3f",
      agreement.questions, agreement.other_first, agreement.other_order, agreement.largest_difference);
}

} // namespace sciexam::inline quantization
