// A teacher's answers as a table of probabilities.
#pragma once

#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "inference/logits.hpp"

#include <filesystem>
#include <span>
#include <vector>

namespace sciexam::inline train {

/// The logarithms of the probabilities that `file` gives each of `questions`, in their order. It is a CSV file with the
/// columns id, A, B, C, D and E, such as `sciexam-run evaluate --probabilities` writes: with a column `model` the rows
/// of "ensemble" count, and with a column `question_hash` a row must be about the question that has its id. `source` is
/// the questions' file, for messages. Throws UsageError if the table cannot be opened, and InputError with its row and
/// column if it is not such a table, gives a question twice or not at all, or if five numbers are not probabilities.
std::vector<OptionLogits> read_probability_table(const std::filesystem::path& file, std::span<const Question> questions,
                                                 const std::filesystem::path& source);

/// The same from a reader that has read nothing yet.
std::vector<OptionLogits> read_probability_table(CsvReader& reader, std::span<const Question> questions,
                                                 const std::filesystem::path& source);

} // namespace sciexam::inline train
