// Questions through one network.
#pragma once

#include "inference/batches.hpp"
#include "inference/logits.hpp"
#include "model/answering_network.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline inference {

/// An element per question of the batch; nothing once `stop`, which if set is asked many times on the way, is true.
std::optional<std::vector<OptionLogits>> answer_batch(AnsweringNetwork& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, const StopRequest& stop = nullptr);

/// Answers all questions with one network, showing progress under `label`.
std::vector<OptionLogits> answer_all(AnsweringNetwork& network, std::span<const EncodedQuestion> questions,
                                     const std::string& label);

} // namespace sciexam::inline inference
