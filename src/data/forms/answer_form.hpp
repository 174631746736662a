// How a file writes its answers.
#pragma once

#include "data/forms/answer_cell.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline data {

/// In words, e.g. "letters".
std::string_view text_of(AnswerForm form);

/// What is known of a file before its answers are understood.
struct AnswerRules {
  std::filesystem::path file = {};            ///< for messages
  std::optional<int> base = {};               ///< 0 or 1: where answers that are numbers begin
  bool right_option_apart = false;            ///< the form is `apart`
  bool answers_are_texts = false;             ///< the answer's column has a name that a right option may stand under
  std::vector<std::string> option_names = {}; ///< plain_name of the options' columns
  int first_option_number = 1;                ///< what the names of the options' columns count from
};

/// The form of a file's answers, and what else is needed to parse them.
struct AnswerReading {
  AnswerForm form;
  std::optional<int> number_base = {}; ///< with `letter`: what a number counts from; nothing: numbers are not answers
};

/// The form that most of a file's answers have; if several fit equally many, the first of letter, text, index.
/// An index counts from 0 or 1: a 0 shows the one, a number equal to the number of options the other. Right options
/// that are not among the options are recognised by answers that are like the options but never equal to one. Throws
/// InputError where the answers leave open which of two forms they have, unless `rules` says which.
AnswerReading find_answer_form(std::span<const AnswerCell> answers, const AnswerRules& rules);

/// The option that the answer means; nothing if it does not have the form, or is not an option. Not for `apart`.
std::optional<int> parse_answer(const AnswerReading& reading, const AnswerCell& answer, const AnswerRules& rules);

} // namespace sciexam::inline data
