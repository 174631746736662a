// Batches of questions of similar length and bounded size.
#pragma once

#include "inference/encoding.hpp"
#include "model/network_io.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline inference {

/// Indices of questions that go through the network together.
using QuestionBatch = std::vector<std::size_t>;

/// All questions, longest first, in batches of at most `token_budget` tokens (a longer question makes its own batch).
/// Depends on the lengths alone, so that repeated runs are equal.
std::vector<QuestionBatch> plan_batches(std::span<const EncodedQuestion> questions, std::int64_t token_budget);

/// The sequences of the batch's questions laid end to end, options A to E of each in order.
PackedSequences pack_sequences(std::span<const EncodedQuestion> questions, const QuestionBatch& batch);

} // namespace sciexam::inline inference
