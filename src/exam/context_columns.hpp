// The columns of a question's contexts: context, context_2, context_3, ..., best first.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline exam {

/// The most that a question may have: columns of higher numbers are not used.
inline constexpr std::size_t kMostContexts = 16;

/// "context" for number 1, "context_2" for 2, and so on.
std::string context_column(std::size_t number);

/// The columns that are not used though their names are a context's: those of numbers after the first that is missing
/// ("context_3" where there is no "context_2"), or above kMostContexts. In the header's order.
std::vector<std::string> unused_context_columns(std::span<const std::string> header);

/// As Question has them.
struct RowContexts {
  std::string first;
  std::vector<std::string> further; ///< each with text
};

/// Of a row's cells in the columns' order. A cell without text is no context: the first with text is the first.
RowContexts row_contexts(std::vector<std::string> cells);

} // namespace sciexam::inline exam
