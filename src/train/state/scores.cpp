#include "train/state/scores.hpp"

#include "exam/metrics.hpp"
#include "exam/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sciexam::inline train {

Json to_json(const Scores& scores) {
  return {{"loss", scores.loss}, {"map_at_3", scores.map_at_3}, {"accuracy", scores.accuracy}};
}

Scores scores_from_json(const JsonView& object) {
  return {object.at("loss").number(), object.at("map_at_3").number(), object.at("accuracy").number()};
}

Scores score(const TrainingSet& set, std::span<const OptionLogits> logits) {
  Scores scores;
  std::vector<Ranking> rankings;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const OptionScores p = softmax(logits[i]);
    scores.loss -= std::log(std::max(p[static_cast<std::size_t>(*set.questions[i].answer)], 1e-300)) /
                   static_cast<double>(logits.size());
    rankings.push_back(with_empty_options_last(rank_by_scores(p), set.questions[i]));
  }
  scores.map_at_3 = map_at_3(rankings, set.questions);
  scores.accuracy = accuracy(rankings, set.questions);
  return scores;
}

} // namespace sciexam::inline train
