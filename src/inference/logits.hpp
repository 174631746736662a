// The networks' output for a question.
#pragma once

#include "exam/ranking.hpp"

#include <array>
#include <optional>
#include <vector>

namespace sciexam::inline inference {

/// One model's scores of the options of one question, before softmax.
using OptionLogits = std::array<float, kOptions>;
/// Scores by which options are ranked, highest first.
using OptionScores = std::array<double, kOptions>;

/// One model's answers, an element per question; empty where it gave none.
using PartialAnswers = std::vector<std::optional<OptionLogits>>;

/// softmax in double, [options] -> [options].
OptionScores softmax(const OptionLogits& logits);

} // namespace sciexam::inline inference
