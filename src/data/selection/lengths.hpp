// Lengths of questions, for reports.
#pragma once

#include "exam/question.hpp"
#include "tokenizer/tokenizer.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace sciexam::inline data {

struct LengthMeasure {
  std::string unit;                                     ///< "tokens" or "words"
  std::function<std::size_t(const Question&)> question; ///< of the prompt and its longest option together
  std::function<std::size_t(const Question&)> context;
};

/// Runs of characters between white space.
LengthMeasure measure_in_words();
/// The lengths of "[CLS] prompt [SEP] option [SEP]" and of the context alone. The measure must not outlive `tokenizer`.
LengthMeasure measure_in_tokens(const Tokenizer& tokenizer);

/// The option with the most characters; of several, the first.
const std::string& longest_option(const Question& question);

} // namespace sciexam::inline data
