#include "retrieval/contexts/option_ranking.hpp"

#include "support/text/utf8.hpp"

namespace sciexam::inline retrieval {

Ranking rank_by_hits(const Question& question, const OptionHits& hits) {
  OptionHits scores = hits;
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] += kScorePerCharacter * static_cast<double>(count_characters(question.options[i]));
  return with_empty_options_last(rank_by_scores(scores), question);
}

} // namespace sciexam::inline retrieval
