#include "exam/question.hpp"

#include "exam/context_columns.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sciexam::inline exam {
namespace {

constexpr std::array<std::string_view, kOptions> kLetters = {"A", "B", "C", "D", "E"};

using Column = std::optional<std::size_t>;

/// Where the columns of an exam lie in its file.
struct Columns {
  Column id, prompt, answer, fold;
  std::vector<std::size_t> contexts; ///< context, context_2, ... up to the first that is missing
  std::array<Column, kOptions> options;
};

/// The column called `name`, if there is one. Throws InputError if there are two.
Column find_column(const CsvReader& reader, std::string_view name) {
  Column found;
  for (std::size_t i = 0; i < reader.header().size(); ++i) {
    if (reader.header()[i] != name)
      continue;
    if (found)
      reader.fail(i,
                  "the header names it twice, as column " + std::to_string(*found + 1) + " and column " +
                      std::to_string(i + 1),
                  "Remove or rename one of them");
    found = i;
  }
  return found;
}

Columns find_columns(const CsvReader& reader, const ReadOptions& options) {
  std::string missing;
  const auto find = [&](std::string_view name, bool required) {
    const Column found = find_column(reader, name);
    if (required && !found)
      missing += (missing.empty() ? "" : ", ") + std::string(name);
    return found;
  };
  Columns columns;
  columns.id = find("id", options.id_required);
  columns.prompt = find("prompt", true);
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    columns.options[i] = find(kLetters[i], true);
  for (std::size_t number = 1; number <= kMostContexts; ++number) {
    const Column context = find(context_column(number), false);
    if (!context)
      break;
    columns.contexts.push_back(*context);
  }
  if (options.answers_required || std::count(reader.header().begin(), reader.header().end(), "answer") == 1)
    columns.answer = find("answer", false);
  if (options.folds > 0)
    columns.fold = find("fold", false);
  if (!missing.empty())
    reader.fail("the header has no column " + missing,
                "The first row must name id,prompt,A,B,C,D,E, in any order and spelled exactly so");
  return columns;
}

std::string unused_contexts(const CsvReader& reader) {
  const std::vector<std::string> unused = unused_context_columns(reader.header());
  if (unused.empty())
    return {};
  std::string names;
  for (const std::string& name : unused)
    names += (names.empty() ? "" : ", ") + excerpt(name);
  return reader.file().string() + ": " + names + (unused.size() == 1 ? " is" : " are") +
         " not used: contexts are the columns context, context_2, ... without a gap, at most " +
         std::to_string(kMostContexts);
}

int read_fold(const CsvReader& reader, std::size_t column, const std::string& cell, int folds) {
  int fold = -1;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), fold);
  if (error != std::errc() || end != cell.data() + cell.size() || fold < 0 || fold >= folds)
    reader.fail(column, "the fold is \"" + excerpt(cell) + "\"",
                "It must be 0 to " + std::to_string(folds - 1) +
                    ", since that many folds are asked for: ask for as many as the column has, or remove the column");
  return fold;
}

/// Refuses an id that is empty or that an earlier row has.
class IdCheck {
public:
  void check(const CsvReader& reader, std::size_t column, const std::string& id) {
    if (id.empty())
      reader.fail(column, "is empty", "Give every question an id of its own");
    const auto [entry, is_new] = rows_.emplace(id, reader.row());
    if (!is_new)
      reader.fail(column, "the id \"" + excerpt(id) + "\" is also in row " + std::to_string(entry->second),
                  "Give every question an id of its own");
  }

private:
  std::unordered_map<std::string, std::size_t> rows_;
};

/// The id in a row that is not a question; empty if there is none.
std::string id_of_bad_row(CsvReader& reader, std::size_t column, bool whole, const std::vector<std::string>& cells) {
  if (whole)
    return cells[column];
  const std::string line = reader.skip_line();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < column && begin != std::string::npos; ++i)
    begin = line.find(',', begin) == std::string::npos ? std::string::npos : line.find(',', begin) + 1;
  if (begin == std::string::npos)
    return {};
  const std::string id = line.substr(begin, line.find(',', begin) - begin);
  const bool plain = id.find_first_of("\"\r") == std::string::npos && find_invalid_utf8(id) == std::string::npos &&
                     id.find('\0') == std::string::npos;
  return plain ? id : std::string();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// A line in the middle of a broken cell looks like a row too: its "id" is not a number where all others are,
/// or is another row's.
void drop_doubtful_ids(Exam& exam) {
  std::unordered_set<std::string_view> ids;
  bool numbers = true;
  for (const Question& question : exam.questions) {
    ids.insert(question.id);
    numbers = numbers && is_number(question.id);
  }
  for (BadRow& row : exam.bad_rows)
    if ((numbers && !is_number(row.id)) || !ids.insert(row.id).second)
      row.id.clear();
}

/// Reads a file into an exam.
class ExamReading {
public:
  ExamReading(CsvReader& reader, const ReadOptions& options)
      : reader_(reader), options_(options), columns_(find_columns(reader, options)) {
    exam_.has_context = !columns_.contexts.empty();
    exam_.unused_contexts = unused_contexts(reader);
    const auto& header = reader_.header();
    if (std::find(header.begin(), header.end(), "answer") != header.end() && !columns_.answer)
      exam_.unused_answers = reader_.file().string() + ": the header names it twice";
  }

  void read_rows() {
    std::vector<std::string> cells;
    for (bool more = true; more;) {
      bool whole = false; // the row's cells have been read
      try {
        more = reader_.next(cells);
        whole = true;
        if (more)
          read_row(cells);
      } catch (const InputError& error) {
        if (!options_.lenient)
          throw;
        empty_rows_ = 0;
        const std::string id = columns_.id ? id_of_bad_row(reader_, *columns_.id, whole, cells) : "";
        exam_.bad_rows.push_back({exam_.questions.size(), id, error.what()});
      }
    }
  }

  Exam finish() {
    exam_.bad_rows.resize(exam_.bad_rows.size() - empty_rows_);
    drop_doubtful_ids(exam_);
    if (exam_.questions.empty())
      reader_.fail("has a header but no questions", "Check that the file was copied completely");
    exam_.has_answers = columns_.answer && exam_.unused_answers.empty();
    if (!exam_.has_answers)
      for (Question& question : exam_.questions)
        question.answer.reset();
    return std::move(exam_);
  }

private:
  void read_row(std::vector<std::string>& cells) {
    if (std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); })) {
      ++empty_rows_;
      const InputError fault({reader_.file(), reader_.row()}, "all cells are empty, but rows follow", "Remove the row");
      exam_.bad_rows.push_back({exam_.questions.size(), {}, fault.what()});
      return;
    }
    if (empty_rows_ > 0 && !options_.lenient)
      throw InputError({reader_.file(), reader_.row() - 1}, "all cells are empty, but rows follow", "Remove the row");
    empty_rows_ = 0;
    exam_.questions.push_back(read_question(cells));
  }

  /// Throws InputError before anything of `cells` is taken.
  Question read_question(std::vector<std::string>& cells) {
    Question question;
    question.row = reader_.row();
    if (columns_.answer)
      question.answer = read_answer(cells[*columns_.answer]);
    if (columns_.fold)
      question.fold = read_fold(reader_, *columns_.fold, cells[*columns_.fold], options_.folds);
    if (columns_.id)
      ids_.check(reader_, *columns_.id, cells[*columns_.id]);
    question.id = columns_.id ? std::move(cells[*columns_.id]) : std::to_string(exam_.questions.size());
    question.prompt = std::move(cells[*columns_.prompt]);
    for (std::size_t i = 0; i < kLetters.size(); ++i)
      question.options[i] = std::move(cells[*columns_.options[i]]);
    std::vector<std::string> contexts;
    for (const std::size_t column : columns_.contexts)
      contexts.push_back(std::move(cells[column]));
    RowContexts found = row_contexts(std::move(contexts));
    question.context = std::move(found.first);
    question.further_contexts = std::move(found.further);
    return question;
  }

  std::optional<int> read_answer(const std::string& cell) {
    if (cell.empty() && options_.empty_answers)
      return std::nullopt;
    const std::optional<int> answer = option_index(cell);
    const std::string problem = "the answer is \"" + excerpt(cell) + "\"";
    if (!answer && options_.answers_required)
      reader_.fail(*columns_.answer, problem,
                   "It must be one of A, B, C, D, E; remove the column if the answers are unknown");
    if (!answer && exam_.unused_answers.empty())
      exam_.unused_answers = reader_.file().string() + ", row " + std::to_string(reader_.row()) + ": " + problem +
                             ", which is none of A, B, C, D, E";
    return answer;
  }

  CsvReader& reader_;
  const ReadOptions& options_;
  Columns columns_;
  IdCheck ids_;
  Exam exam_;
  std::size_t empty_rows_ = 0; ///< just before the next row
};

} // namespace

std::optional<int> option_index(std::string_view letter) {
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    if (kLetters[i] == letter)
      return static_cast<int>(i);
  return std::nullopt;
}

Exam read_exam(CsvReader& reader, ReadOptions options) {
  std::vector<std::string> header;
  reader.next(header);
  ExamReading reading(reader, options);
  reading.read_rows();
  return reading.finish();
}

Exam read_exam(const std::filesystem::path& file, ReadOptions options) {
  CsvReader reader(file);
  return read_exam(reader, options);
}

std::vector<std::string> notes_on(const Exam& exam) {
  std::vector<std::string> notes;
  if (!exam.unused_answers.empty())
    notes.push_back("the column answer is not used, so there is no MAP@3: " + exam.unused_answers);
  if (!exam.unused_contexts.empty())
    notes.push_back(exam.unused_contexts);
  const auto lacking = std::count_if(exam.questions.begin(), exam.questions.end(), [](const Question& question) {
    return !std::all_of(question.options.begin(), question.options.end(), has_text);
  });
  if (lacking > 0)
    notes.push_back(counted(lacking, "question") + (lacking == 1 ? " has" : " have") +
                    " options without text, which are guessed last");
  return notes;
}

} // namespace sciexam::inline exam
