#include "inference/encoding.hpp"

#include "support/machine/shared_stop.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

namespace sciexam::inline inference {
namespace {

void log_cut_questions(std::size_t cut, std::size_t all, const TemplateOptions& options) {
  if (cut > 0)
    log_line("questions that are longer than max_length (" + std::to_string(options.max_length) +
             " tokens) even without their context, and lost the end of prompt or option: " + std::to_string(cut) +
             " of " + std::to_string(all));
}

void shorten(std::string& text) {
  text.resize(utf8_prefix(text, kLongestText).size());
}

/// The question with its texts cut to kLongestText; nothing if none is longer.
std::optional<Question> shortened(const Question& question) {
  const auto fits = [](const std::string& text) { return text.size() <= kLongestText; };
  if (fits(question.prompt) && fits(question.context) &&
      std::all_of(question.options.begin(), question.options.end(), fits))
    return std::nullopt;
  Question within = question;
  shorten(within.prompt);
  shorten(within.context);
  for (std::string& option : within.options)
    shorten(option);
  return within;
}

/// One question within both bounds.
struct BoundedEncoding {
  EncodedQuestion sequences;
  bool lost_text = false;         ///< to the bounds
  bool beyond_max_length = false; ///< it lost tokens of prompt or option to the package's max_length
};

BoundedEncoding encode_within_bounds(const Tokenizer& tokenizer, const Question& question,
                                     const TemplateOptions& options) {
  const std::optional<Question> within = shortened(question);
  const Question& bounded = within ? *within : question;
  BoundedEncoding result;
  result.sequences = encode_question(tokenizer, bounded, options, &result.beyond_max_length);
  if (options.max_length == 0 && longest_sequence(result.sequences) > kLongestSequence) {
    result.sequences = encode_shortened(tokenizer, bounded, options, kLongestSequence);
    result.lost_text = true;
  }
  // max_length takes more of a text than the bound did, unless the text gave hardly any tokens.
  if (within && (options.max_length == 0 || longest_sequence(result.sequences) < options.max_length))
    result.lost_text = true;
  return result;
}

} // namespace

std::int64_t token_count(const EncodedQuestion& question) {
  std::int64_t tokens = 0;
  for (const Encoding& encoding : question)
    tokens += static_cast<std::int64_t>(encoding.ids.size());
  return tokens;
}

std::int64_t longest_sequence(const EncodedQuestion& question) {
  std::size_t longest = 0;
  for (const Encoding& encoding : question)
    longest = std::max(longest, encoding.ids.size());
  return static_cast<std::int64_t>(longest);
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
  log_cut_questions(cut_questions, questions.size(), options);
  return encoded;
}

EncodedExam encode_exam(const Tokenizer& tokenizer, std::span<const Question> questions, const TemplateOptions& options,
                        int threads, const std::function<bool()>& stop) {
  EncodedExam exam;
  exam.questions.resize(questions.size());
  std::vector<char> lost_text(questions.size()); // one byte each: threads write side by side
  std::atomic<std::size_t> beyond_max_length = 0;
  const SharedStop stopped(stop);
  parallel_for(questions.size(), threads, [&](std::size_t i) {
    if (stopped())
      return;
    BoundedEncoding encoding = encode_within_bounds(tokenizer, questions[i], options);
    exam.questions[i] = std::move(encoding.sequences);
    lost_text[i] = encoding.lost_text ? 1 : 0;
    beyond_max_length += encoding.beyond_max_length;
  });
  for (std::size_t i = 0; i < questions.size(); ++i)
    if (lost_text[i] != 0)
      exam.cut.push_back(i);
  log_cut_questions(beyond_max_length, questions.size(), options);
  return exam;
}

EncodedQuestion encode_shortened(const Tokenizer& tokenizer, const Question& question, TemplateOptions options,
                                 std::int64_t max_length) {
  options.max_length = static_cast<int>(max_length);
  const std::optional<Question> within = shortened(question);
  return encode_question(tokenizer, within ? *within : question, options);
}

} // namespace sciexam::inline inference
