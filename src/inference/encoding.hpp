// Questions as the networks take them.
#pragma once

#include "exam/question.hpp"
#include "tokenizer/question_encoding.hpp"
#include "tokenizer/tokenizer.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace sciexam::inline inference {

/// The five token sequences of one question.
using EncodedQuestion = std::array<Encoding, kOptions>;

/// Tokens of all five sequences.
std::int64_t token_count(const EncodedQuestion& question);
/// Tokens of the longest sequence.
std::int64_t longest_sequence(const EncodedQuestion& question);

/// The token sequences of all questions; the template is the package's. On `threads` threads.
/// Logs in one line how many open-book questions lost tokens of their prompt or options.
std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads);

/// Tokens of the longest sequence that is answered where the package sets no max_length: the cost of attention grows
/// with the square of the length, and real questions with a context stay far below.
inline constexpr int kLongestSequence = 8192;
/// Bytes of a prompt, option or context that are tokenized: 16 for each token of the longest sequence, three times as
/// many as English needs.
inline constexpr std::size_t kLongestText = std::size_t{16} * kLongestSequence;

/// An exam to be answered, within the two bounds above.
struct EncodedExam {
  std::vector<EncodedQuestion> questions; ///< those not reached before the stop have no tokens
  std::vector<std::size_t> cut;           ///< questions that lost text to the bounds
};

/// As encode_questions(), within the bounds whatever the texts are. `stop`, if set, is asked on the caller's thread
/// between questions; once it is true, the others are left without tokens.
EncodedExam encode_exam(const Tokenizer& tokenizer, std::span<const Question> questions, const TemplateOptions& options,
                        int threads, const std::function<bool()>& stop = nullptr);

/// One question of such an exam, its sequences cut to max_length tokens.
EncodedQuestion encode_shortened(const Tokenizer& tokenizer, const Question& question, TemplateOptions options,
                                 std::int64_t max_length);

} // namespace sciexam::inline inference
