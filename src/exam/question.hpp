// An exam: multiple-choice questions, read from the competition's CSV files.
#pragma once

#include "exam/csv.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline exam {

/// Options of every question; their names are the letters A to E.
inline constexpr int kOptions = 5;

struct Question {
  std::string id = {};
  std::string prompt = {};                        ///< may be empty: its options can still be compared
  std::array<std::string, kOptions> options = {}; ///< A to E; any may be empty
  std::string context = {};                       ///< a text that helps to answer; empty where the file has none
  std::vector<std::string> further_contexts = {}; ///< others, best first, each with text (exam/contexts.hpp)
  std::optional<int> answer = {};                 ///< the right option, 0 to 4; set where the file has answers
  std::optional<int> fold = {};                   ///< the fold of a training set that it belongs to, from 0
  std::size_t row = 0;                            ///< of its file, where 1 is the header; 0: not read from one
};

/// A row that could not be read as a question, in a file that was read leniently.
struct BadRow {
  std::size_t position = 0; ///< of the question that follows it; the number of questions at the file's end
  std::string id;           ///< as far as it is known; empty: the row cannot be answered
  std::string problem;      ///< with file and row, as in InputError
};

struct Exam {
  std::vector<Question> questions; ///< in the file's order
  std::vector<BadRow> bad_rows;    ///< in the file's order; none unless it was read leniently
  bool has_context = false;        ///< the file has a column `context`
  bool has_answers = false;        ///< the file has a column `answer`, and it is used
  std::string unused_answers;  ///< why that column is not used, with file and row; empty where it is used or missing
  std::string unused_contexts; ///< which columns context_2, ... are not used, and why; empty where all are
};

struct ReadOptions {
  /// Some training sets have no column `id`: if it is neither required nor
  /// there, questions are numbered "0", "1", ...
  bool id_required = true;
  /// A bad row becomes one of Exam::bad_rows rather than an error. Its id is what the row's first line has in the
  /// column `id`, if no other row has it and it is a number where all others are.
  bool lenient = false;
  /// A bad answer ends the reading; false, where nothing needs the answers: it leaves the exam without any, and
  /// Exam::unused_answers says why.
  bool answers_required = true;
  /// A cell of the column `answer` may be empty: that question has no answer.
  bool empty_answers = false;
  /// In how many folds a training set is used: its column `fold` is then read too; 0: it is ignored.
  int folds = 0;
};

/// Reads columns id, prompt, A, B, C, D, E and, where present, context, context_2, ... and answer, in any order; other
/// columns are ignored and text is taken as it is. Rows of empty cells are ignored after the last question, where
/// spreadsheets leave them. Throws UsageError if the file cannot be opened, and InputError with file, row and column if
/// it is not a CSV file (see CsvReader), lacks a column or has one twice, has no questions, an empty row between
/// questions, an empty or doubled id, an answer that is not one of A to E, or a fold that is not 0 to folds - 1.
Exam read_exam(const std::filesystem::path& file, ReadOptions options = {});

/// The same from a reader that has read nothing yet.
Exam read_exam(CsvReader& reader, ReadOptions options = {});

/// What the user should know about an exam before it is answered, a sentence each: that the column `answer` is not
/// used, that a column context_2, ... is not, that options without text are guessed last.
std::vector<std::string> notes_on(const Exam& exam);

/// 0 to 4 for "A" to "E", nothing for any other text.
std::optional<int> option_index(std::string_view letter);

} // namespace sciexam::inline exam
