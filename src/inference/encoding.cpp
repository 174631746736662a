#include "inference/encoding.hpp"

#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"

#include <atomic>
#include <string>

namespace sciexam {

std::int64_t token_count(const EncodedQuestion& question) {
  std::int64_t tokens = 0;
  for (const Encoding& encoding : question)
    tokens += static_cast<std::int64_t>(encoding.ids.size());
  return tokens;
}

std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads) {
  std::vector<EncodedQuestion> encoded(questions.size());
  std::atomic<std::size_t> cut_questions = 0;
  parallel_for(questions.size(), threads, [&](std::size_t i) {
    bool cut = false;
    encoded[i] = encode_question(tokenizer, questions[i], options, &cut);
    cut_questions += cut;
  });
  if (cut_questions > 0)
    log_line("questions that are longer than max_length (" + std::to_string(options.max_length) +
             " tokens) even without their context, and lost the end of prompt or option: " +
             std::to_string(cut_questions) + " of " + std::to_string(questions.size()));
  return encoded;
}

} // namespace sciexam
