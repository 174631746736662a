// Which columns of somebody's CSV file hold what.
#pragma once

#include "exam/csv.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sciexam {

/// Where the columns lie; prompt and at least two options always are there.
struct DataColumns {
  std::optional<std::size_t> id, prompt, context, source, answer;
  std::vector<std::size_t> options; ///< A, B, ...: two to five
  /// The answer's column is the right option's text, the other options are the wrong ones ("distractors").
  bool right_option_apart = false;
};

/// Finds them by the names of the table in columns.cpp, in upper or lower case, words joined by "_", "-" or
/// a space. Where several names of one kind are there, the table's first counts. `reader` has read its header.
/// Throws InputError if there is no prompt or fewer than two options, one of the names twice, a gap
/// between the options, or more than five of them.
DataColumns find_data_columns(const CsvReader& reader);

/// The header's names of what was found, e.g. "question, opt1 to opt4, label".
std::string describe(const DataColumns& columns, const CsvReader& reader);

} // namespace sciexam
