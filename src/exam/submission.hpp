// Submissions: id,prediction with the three best guesses as "B A D".
#pragma once

#include "exam/question.hpp"
#include "exam/ranking.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline exam {

/// The letters of the three best options, e.g. "B A D".
std::string format_prediction(const Ranking& ranking);

/// Writes "id,prediction" and a row for each question, in their order, each ended by
/// LF. Ids are written byte for byte, in quotes only where CSV needs them. The file
/// appears complete or not at all. `rankings[i]` belongs to `questions[i]`; throws
/// InternalError if their numbers differ, WorkError if the file cannot be written.
void write_submission(const std::filesystem::path& file, std::span<const Question> questions,
                      std::span<const Ranking> rankings);

/// Reads a submission for `questions`, its rows in any order, and returns the ranking
/// of each question, in their order: the three guesses, then the other options by
/// letter. Throws UsageError if the file cannot be opened, InputError with file, row
/// and column if it is not a CSV file, lacks a column, a question's row is missing or
/// duplicate, a row belongs to no question, or a prediction is not three different
/// letters of A to E with one space between them.
std::vector<Ranking> read_submission(const std::filesystem::path& file, std::span<const Question> questions);

} // namespace sciexam::inline exam
