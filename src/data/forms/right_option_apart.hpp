// Answers that are the right options themselves and not among the options: files with one right option and its
// distractors under ordinary names.
#pragma once

#include "data/forms/answer_cell.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

namespace sciexam::inline data {

/// Whether answers, hardly any of which is a letter, a number or an option's text, look like options: of similar length
/// and the same kind (numbers among numbers), and not the same few words throughout.
bool texts_are_apart(std::span<const AnswerCell> answers);

/// The meaning of answers that are mostly numbers no greater than the number of options: the options' places
/// (index_from_1, or from 0), their texts, or right options that are not among them (apart). Places equal the text of
/// an option as often as chance has it, right options apart never do. Throws InputError where chance may explain
/// either.
AnswerForm meaning_of_numbers(std::span<const AnswerCell> answers, const std::filesystem::path& file);

/// 2 for "2" or "2.0", as spreadsheets write it where a cell of the column is empty; up to 25.
std::optional<int> small_number(std::string_view text);

/// The option of this text: the same text, or else the same words, if only one option has them.
std::optional<int> find_option_text(const AnswerCell& answer);

} // namespace sciexam::inline data
