// Questions through one network.
#pragma once

#include "inference/batches.hpp"
#include "inference/logits.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// One element a question of the batch. With `stop`, asked between layers: nothing once that is true.
std::optional<std::vector<OptionLogits>> answer_batch(const DebertaForMultipleChoice& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, std::function<bool()> stop = nullptr);

/// Runs one network over all questions, showing progress under `label`.
std::vector<OptionLogits> answer(const DebertaForMultipleChoice& network, std::span<const EncodedQuestion> questions,
                                 const std::string& label);

} // namespace sciexam
