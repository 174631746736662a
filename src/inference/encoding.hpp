// Questions as the networks take them.
#pragma once

#include "exam/question.hpp"
#include "tokenizer/question_encoding.hpp"
#include "tokenizer/tokenizer.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sciexam {

/// The five token sequences of one question.
using EncodedQuestion = std::array<Encoding, kOptions>;

/// Tokens of all five sequences.
std::int64_t token_count(const EncodedQuestion& question);

/// The token sequences of all questions; the template is the package's. On `threads` threads.
/// Says in one line how many open-book questions had to lose tokens of prompt or option.
std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads);

} // namespace sciexam
