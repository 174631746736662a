// Several contexts of one question.
#pragma once

#include "exam/context_columns.hpp"
#include "exam/question.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline exam {

/// Gives the question the contexts of a row (row_contexts()).
void set_contexts(Question& question, std::vector<std::string> cells);

/// All contexts of the question, best first; none if it has no text of that kind.
std::vector<std::string_view> contexts_of(const Question& question);

} // namespace sciexam::inline exam
