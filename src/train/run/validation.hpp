// How well the network answers the validation questions.
#pragma once

#include "inference/logits.hpp"
#include "model/deberta.hpp"
#include "support/text/json.hpp"
#include "train/inputs/training_set.hpp"

#include <span>
#include <string>
#include <vector>

namespace sciexam {

struct Scores {
  double loss = 0; ///< mean cross-entropy
  double map_at_3 = 0, accuracy = 0;
};

Json to_json(const Scores& scores);
Scores scores_from_json(const JsonView& object);

/// The scores of these logits, one entry a question.
Scores score(const TrainingSet& set, std::span<const OptionLogits> logits);

/// The network's logits for all questions, without dropout; shows progress under `label`. The weights may
/// change again afterwards.
std::vector<OptionLogits> logits_of(const DebertaForMultipleChoice& network, const TrainingSet& set,
                                    const std::string& label);

} // namespace sciexam
