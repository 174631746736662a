// How a file writes its answers.
#pragma once

#include "exam/question.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sciexam {

enum class AnswerForm {
  letter,       ///< "B", "b", "(B)" or "B."
  text,         ///< the text of an option
  index_from_0, ///< "1" for B; "1.0" too
  index_from_1, ///< "2" for B
};

/// In words, e.g. "letters".
std::string_view text_of(AnswerForm form);

/// A question whose answer is still as its file has it. Both are cleaned.
struct AnswerCell {
  std::string_view text;
  const std::array<std::string, kOptions>* options;
};

/// The form that most of a file's answers have; of several that fit as many the first of letter, text, index.
/// An index begins at 0 or 1: the file tells by a 0, or by a number as great as `option_count`. Throws
/// InputError if it has neither or both, unless `base` says it.
AnswerForm find_answer_form(std::span<const AnswerCell> answers, int option_count, std::optional<int> base,
                            const std::filesystem::path& file);

/// The option that the answer means; nothing if it does not have the form, or is no option.
std::optional<int> parse_answer(AnswerForm form, const AnswerCell& answer);

} // namespace sciexam
