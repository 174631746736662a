// An answer as it is in a file, and the forms that it may have.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline data {

enum class AnswerForm {
  letter,       ///< "B", "b", "(B)", "Option B", "B) its text", or the name of the option's column; some may be numbers
  text,         ///< the text of an option
  index_from_0, ///< "1" for B; "1.0" too
  index_from_1, ///< "2" for B
  apart,        ///< the right option itself, which is not among the options
};

/// A question whose answer is still as in its file. Both are cleaned.
struct AnswerCell {
  std::string_view text;
  std::span<const std::string> options;
};

} // namespace sciexam::inline data
