// Questions in batches of a bounded number of tokens.
#pragma once

#include "exam/question.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline inference {

/// Tokens that go through the network at once; more would not be faster.
inline constexpr std::int64_t kTokenBudget = 4224;

/// A question with a longer sequence is answered alone and after all others. No GPU takes one either
/// (DeviceLimits::longest).
inline constexpr std::int64_t kLongSequence = 4096;

/// Tokens of each of a question's five sequences.
using QuestionLengths = std::array<std::int32_t, kOptions>;

/// How many of the next questions make a batch: as many as fit into `budget` tokens together, at least one if there is
/// any. `tokens_of(i)` are those of the i-th.
template <class TokensOf>
std::size_t count_in_batch(std::size_t questions, std::int64_t budget, const TokensOf& tokens_of) {
  std::size_t count = 0;
  for (std::int64_t tokens = 0; count < questions; ++count) {
    tokens += tokens_of(count);
    if (count > 0 && tokens > budget)
      break;
  }
  return count;
}

/// All questions, in order, in batches of at most `budget` tokens (a longer question makes its own batch) and `most`
/// questions. `tokens_of(question)` are those of one.
template <class TokensOf>
std::vector<std::vector<std::size_t>> split_by_tokens(std::span<const std::size_t> questions, std::int64_t budget,
                                                      const TokensOf& tokens_of, std::size_t most = SIZE_MAX) {
  std::vector<std::vector<std::size_t>> batches;
  for (; !questions.empty(); questions = questions.subspan(batches.back().size())) {
    const std::size_t count = count_in_batch(std::min(questions.size(), most), budget,
                                             [&](std::size_t i) { return tokens_of(questions[i]); });
    batches.emplace_back(questions.begin(), questions.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return batches;
}

} // namespace sciexam::inline inference
