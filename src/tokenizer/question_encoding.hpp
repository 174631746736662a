// A question and its five options as the network reads them.
#pragma once

#include "exam/question.hpp"
#include "tokenizer/tokenizer.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace sciexam::inline tokenizer {

/// How question and option are combined. Tokens in brackets are special.
enum class Template {
  /// "[CLS] prompt [SEP] option [SEP]", the context unused; where that is too
  /// long, the longer of the two texts is shortened first.
  closed_book,
  /// "[CLS] context #### prompt [SEP] option [SEP]"; where that is too long, the
  /// context alone is shortened. The ids are those of the public notebooks of
  /// the competition, which write the special tokens into the two texts
  /// "[CLS] context" and " #### prompt [SEP] option [SEP]". Those notebooks fail
  /// where prompt and option alone are too long; here the context goes and the
  /// longer of "#### prompt" and option is shortened first.
  open_book,
};

/// "closed_book" or "open_book".
std::string_view name_of(Template kind);
/// The template of that name, or nothing.
std::optional<Template> template_of_name(std::string_view name);

struct TemplateOptions {
  Template kind = Template::closed_book;
  int max_length = 0; ///< tokens; 0 for no limit
  /// Tokens of the context, in open_book; 0 for what max_length leaves. It is cut at its end.
  int context_tokens = 0;
};

/// One encoding per option, in the options' order. `cut`, if given, is set to whether
/// an open-book prompt or option lost tokens. Throws TruncationError, naming
/// question and option, if max_length is less than the three special tokens.
std::array<Encoding, kOptions> encode_question(const Tokenizer& tokenizer, const Question& question,
                                               const TemplateOptions& options, bool* cut = nullptr);

} // namespace sciexam::inline tokenizer
