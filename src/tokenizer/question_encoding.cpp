#include "tokenizer/question_encoding.hpp"

#include <algorithm>
#include <string>

namespace sciexam::inline tokenizer {
namespace {

Encoding encode_closed_book(const Tokenizer& tokenizer, const Question& question, std::string_view option,
                            int max_length) {
  EncodeOptions encode_options;
  if (max_length > 0) {
    encode_options.truncation = Truncation::longest_first;
    encode_options.max_length = max_length;
  }
  return tokenizer.encode(question.prompt, option, encode_options);
}

/// "[CLS] #### prompt [SEP] option [SEP]", an open-book pair without context, shortened as closed_book is.
Encoding encode_without_context(const Tokenizer& tokenizer, const Question& question, std::string_view option,
                                int max_length) {
  Encoding encoding = tokenizer.encode(" #### " + question.prompt, option,
                                       {.truncation = Truncation::longest_first, .max_length = max_length});
  std::fill(encoding.type_ids.begin() + 1, encoding.type_ids.end(), 1); // all but [CLS] is the second text there
  return encoding;
}

/// How long the pair may be so that of the first text [CLS] and `context_tokens` remain; 0 if they are no more.
int length_for_context(const Encoding& pair, int context_tokens) {
  const auto of_first = static_cast<int>(std::count(pair.type_ids.begin(), pair.type_ids.end(), 0));
  return of_first <= 1 + context_tokens ? 0 : static_cast<int>(pair.ids.size()) - of_first + 1 + context_tokens;
}

Encoding encode_open_book(const Tokenizer& tokenizer, const Question& question, std::string_view option,
                          const TemplateOptions& options, bool& cut) {
  const std::string first = "[CLS] " + question.context;
  const std::string second = " #### " + question.prompt + " [SEP] " + std::string(option) + " [SEP]";
  int max_length = options.max_length;
  if (options.context_tokens > 0) {
    Encoding whole = tokenizer.encode(first, second, {.add_special_tokens = false});
    if (const int length = length_for_context(whole, options.context_tokens); length > 0)
      max_length = max_length == 0 ? length : std::min(max_length, length);
    else if (max_length == 0 || whole.ids.size() <= static_cast<std::size_t>(max_length))
      return whole;
  }
  EncodeOptions encode_options{.add_special_tokens = false};
  if (max_length > 0) {
    encode_options.truncation = Truncation::only_first;
    encode_options.max_length = max_length;
  }
  try {
    return tokenizer.encode(first, second, encode_options);
  } catch (const TruncationError&) { // the second alone is too long
    cut = true;
    return encode_without_context(tokenizer, question, option, max_length);
  }
}

} // namespace

std::string_view name_of(Template kind) {
  return kind == Template::closed_book ? "closed_book" : "open_book";
}

std::optional<Template> template_of_name(std::string_view name) {
  for (const Template kind : {Template::closed_book, Template::open_book})
    if (name == name_of(kind))
      return kind;
  return std::nullopt;
}

std::array<Encoding, kOptions> encode_question(const Tokenizer& tokenizer, const Question& question,
                                               const TemplateOptions& options, bool* cut) {
  std::array<Encoding, kOptions> encodings;
  bool any_cut = false;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const std::string_view option = question.options[i];
    try {
      encodings[i] = options.kind == Template::closed_book
                         ? encode_closed_book(tokenizer, question, option, options.max_length)
                         : encode_open_book(tokenizer, question, option, options, any_cut);
    } catch (const TruncationError& error) {
      const char letter = static_cast<char>('A' + i);
      throw TruncationError("question " + question.id + ", option " + letter + ": " + error.what());
    }
  }
  if (cut)
    *cut = any_cut;
  return encodings;
}

} // namespace sciexam::inline tokenizer
