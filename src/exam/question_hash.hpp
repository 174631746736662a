// Which question a row of a table is about, whatever ids mean in its file.
#pragma once

#include "exam/question.hpp"

#include <string>
#include <string_view>

namespace sciexam::inline exam {

/// The column of a table of probabilities that holds question_hash().
inline constexpr std::string_view kQuestionHashColumn = "question_hash";

/// The first 16 hexadecimal digits of the sha256 of prompt, A, B, C, D and E, each followed by a NUL byte.
std::string question_hash(const Question& question);

} // namespace sciexam::inline exam
