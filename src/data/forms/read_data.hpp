// Reads question sets of many forms: CSV with several separators, JSON, JSON lines (tables/); columns of many names
// (columns.hpp); answers as letters, numbers or texts (answer_form.hpp).
#pragma once

#include "data/forms/question_check.hpp"
#include "data/forms/records.hpp"
#include "data/tables/table.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline data {

struct ReadRules {
  QuestionRules questions = {};
  std::optional<int> answer_base = {}; ///< 0 or 1: what numeric answers count from; otherwise the file decides
  bool right_option_apart = false;     ///< the answers are the right options, and the option columns hold wrong ones
};

/// Adds a file's questions, cleaned, to `data`, and those that cannot be used to its rejections. Throws UsageError
/// if the file cannot be opened, and InputError if it cannot be read (read_table), lacks columns (find_data_columns;
/// the answer's is needed too), its answers are ambiguous (find_answer_form), or no row of it can be used.
void read_data_file(const std::filesystem::path& path, const ReadRules& rules, DataSet& data);

/// The same for a table that has been read, whose `file` is named in messages.
void read_data_table(Table table, const ReadRules& rules, DataSet& data);

/// A file that nothing in the training set may resemble.
struct HoldOut {
  std::string path;
  std::vector<Question> questions;    ///< cleaned, without their answers
  std::vector<std::size_t> rows = {}; ///< of each question, where it stands in the file
};

/// Reads one. Throws like read_data_file, except about answers, and also on a malformed row: what is not read
/// cannot be held out.
HoldOut read_hold_out(const std::filesystem::path& path);

} // namespace sciexam::inline data
