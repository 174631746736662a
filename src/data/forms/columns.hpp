// Which columns of somebody's question set hold what.
#pragma once

#include "data/tables/table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline data {

/// Where the columns lie; prompt and at least two options always are there.
struct DataColumns {
  std::optional<std::size_t> id, prompt, context, source, answer;
  std::vector<std::size_t>
      further_contexts;             ///< context_2, ... where there is a context, up to the first that is missing
  std::vector<std::size_t> options; ///< A, B, ...: two or more
  int first_option_number = 1;      ///< what the options' names count from where they are numbers
  /// The answer's column is the right option's text, and `options` are the wrong ones ("distractors").
  bool right_option_apart = false;
  std::vector<std::size_t> unused; ///< all others that hold any text
};

/// Finds them by the names of column_names.hpp, in upper or lower case, however their words are joined. Where several
/// names of one kind occur, the first in the list that holds any text counts. Throws InputError if there is no prompt
/// or fewer than two options, one of the names twice, or a gap between the first options.
DataColumns find_data_columns(const Table& table);

/// The names of what was found, e.g. "question, 4 options (opt1 to opt4), label".
std::string describe(const DataColumns& columns, const Table& table);

/// The names of what is not used, e.g. "subject, comment and 12 more"; empty if all are used.
std::string describe_unused(const DataColumns& columns, const Table& table);

} // namespace sciexam::inline data
