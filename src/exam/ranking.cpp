#include "exam/ranking.hpp"

#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sciexam::inline exam {

Ranking rank_by_scores(std::span<const double, kOptions> scores) {
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); }))
    throw InternalError("options with a score that is not a number cannot be ranked");
  Ranking ranking;
  std::iota(ranking.begin(), ranking.end(), std::uint8_t{0});
  std::stable_sort(ranking.begin(), ranking.end(),
                   [&](std::uint8_t a, std::uint8_t b) { return scores[a] > scores[b]; });
  return ranking;
}

Ranking with_empty_options_last(const Ranking& ranking, const Question& question) {
  Ranking sorted = ranking;
  std::stable_partition(sorted.begin(), sorted.end(),
                        [&](std::uint8_t option) { return has_text(question.options[option]); });
  return sorted;
}

double mean_option_length(const Question& question) {
  double sum = 0;
  for (const std::string& option : question.options)
    sum += static_cast<double>(count_characters(option));
  return sum / kOptions;
}

Ranking rank_by_length(const Question& question) {
  std::array<double, kOptions> lengths;
  std::transform(question.options.begin(), question.options.end(), lengths.begin(),
                 [](const std::string& option) { return static_cast<double>(count_characters(option)); });
  return with_empty_options_last(rank_by_scores(lengths), question);
}

} // namespace sciexam::inline exam
