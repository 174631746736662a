// How well a network answers the validation questions.
#pragma once

#include "inference/logits.hpp"
#include "support/text/json.hpp"
#include "train/inputs/training_set.hpp"

#include <span>

namespace sciexam::inline train {

struct Scores {
  double loss = 0; ///< mean cross-entropy
  double map_at_3 = 0, accuracy = 0;
};

Json to_json(const Scores& scores);
Scores scores_from_json(const JsonView& object);

/// The scores of these logits, one entry per question.
Scores score(const TrainingSet& set, std::span<const OptionLogits> logits);

} // namespace sciexam::inline train
