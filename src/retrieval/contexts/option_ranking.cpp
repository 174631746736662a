#include "retrieval/contexts/option_ranking.hpp"

#include "support/text/utf8.hpp"

#include <cmath>
#include <numeric>

namespace sciexam::inline retrieval {

OptionHits hit_scores(const Question& question, const OptionHits& hits) {
  OptionHits scores = hits;
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] += kScorePerCharacter * static_cast<double>(count_characters(question.options[i]));
  return scores;
}

Ranking rank_by_hits(const Question& question, const OptionHits& hits) {
  return with_empty_options_last(rank_by_scores(hit_scores(question, hits)), question);
}

std::array<double, kOptions> hit_probabilities(const Question& question, const OptionHits& hits) {
  OptionHits scores = hit_scores(question, hits);
  const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / kOptions;
  double variance = 0;
  for (const double score : scores)
    variance += (score - mean) * (score - mean) / kOptions;
  const double deviation = variance > 0 ? std::sqrt(variance) : 1;
  double sum = 0;
  for (double& score : scores)
    sum += score = std::exp((score - mean) / deviation);
  for (double& score : scores)
    score /= sum;
  return scores;
}

} // namespace sciexam::inline retrieval
