#include "tokenizer/question_encoding.hpp"

#include <string>

namespace sciexam {
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

Encoding encode_open_book(const Tokenizer& tokenizer, const Question& question, std::string_view option,
                          int max_length) {
  EncodeOptions encode_options{.add_special_tokens = false};
  if (max_length > 0) {
    encode_options.truncation = Truncation::only_first;
    encode_options.max_length = max_length;
  }
  const std::string first = "[CLS] " + question.context;
  const std::string second = " #### " + question.prompt + " [SEP] " + std::string(option) + " [SEP]";
  return tokenizer.encode(first, second, encode_options);
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
                                               const TemplateOptions& options) {
  const auto encode = options.kind == Template::closed_book ? encode_closed_book : encode_open_book;
  std::array<Encoding, kOptions> encodings;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    try {
      encodings[i] = encode(tokenizer, question, question.options[i], options.max_length);
    } catch (const TruncationError& error) {
      const char letter = static_cast<char>('A' + i);
      throw TruncationError("question " + question.id + ", option " + letter + ": " + error.what());
    }
  }
  return encodings;
}

} // namespace sciexam
