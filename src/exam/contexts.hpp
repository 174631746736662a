// Several contexts of one question: the columns context, context_2, context_3, ..., best first.
#pragma once

#include "exam/question.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline exam {

/// The most that a question may have: columns of higher numbers are not used.
inline constexpr std::size_t kMostContexts = 16;

/// "context" for number 1, "context_2" for 2, and so on.
std::string context_column(std::size_t number);

/// The columns that are not used though their names are a context's: those of numbers after the first that is missing
/// ("context_3" where there is no "context_2"), or above kMostContexts. In the header's order.
std::vector<std::string> unused_context_columns(std::span<const std::string> header);

/// Gives the question the contexts of a row, in the columns' order. A cell without text is no context: the first with
/// text becomes Question::context, the others its further contexts.
void set_contexts(Question& question, std::vector<std::string> cells);

/// All contexts of the question, best first; none if it has no text of that kind.
std::vector<std::string_view> contexts_of(const Question& question);

} // namespace sciexam::inline exam
