// Reads question sets of many forms. CSV itself is read as strictly as everywhere
// (exam/csv.hpp); what is in the cells may differ from set to set.
#pragma once

#include "data/forms/question_check.hpp"
#include "data/forms/records.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace sciexam {

struct ReadRules {
  QuestionRules questions = {};
  std::optional<int> answer_base = {}; ///< 0 or 1: where answers that are numbers begin; else the file tells
};

/// Adds a file's questions, cleaned, to `data`, and those that cannot be used to its rejections. Throws UsageError
/// if the file cannot be opened, and InputError if it is no CSV file, lacks columns (find_data_columns;
/// the answer's is needed too), its answers are ambiguous (find_answer_form), or no row of it can be used.
void read_data_file(const std::filesystem::path& path, const ReadRules& rules, DataSet& data);

/// The questions of a file that nothing of a training set may resemble, cleaned, without their answers. Throws
/// like read_data_file, but for answers.
std::vector<Question> read_hold_out(const std::filesystem::path& path);

} // namespace sciexam
