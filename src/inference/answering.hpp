// Questions through one network.
#pragma once

#include "inference/batches.hpp"
#include "inference/logits.hpp"
#include "model/answering_network.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// One element a question of the batch. With `stop`, asked between layers: nothing once that is true.
std::optional<std::vector<OptionLogits>> answer_batch(AnsweringNetwork& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, const StopRequest& stop = nullptr);

/// Runs one network over all questions, showing progress under `label`.
std::vector<OptionLogits> answer(AnsweringNetwork& network, std::span<const EncodedQuestion> questions,
                                 const std::string& label);

} // namespace sciexam
