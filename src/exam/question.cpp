#include "exam/question.hpp"

#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <charconv>
#include <initializer_list>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sciexam {
namespace {

constexpr std::array<std::string_view, kOptions> kLetters = {"A", "B", "C", "D", "E"};

using Column = std::optional<std::size_t>;

/// Where the columns of an exam lie in its file.
struct Columns {
  Column id, prompt, context, answer, fold;
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

Columns find_columns(const CsvReader& reader, ReadOptions options) {
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
  columns.context = find("context", false);
  columns.answer = find("answer", false);
  if (options.folds > 0)
    columns.fold = find("fold", false);
  if (!missing.empty())
    reader.fail("the header has no column " + missing,
                "The first row must name id,prompt,A,B,C,D,E, in any order and spelled so");
  return columns;
}

int read_answer(const CsvReader& reader, std::size_t column, const std::string& cell) {
  const std::optional<int> answer = option_index(cell);
  if (!answer)
    reader.fail(column, "the answer is \"" + excerpt(cell) + "\"",
                "It must be one of A, B, C, D, E; remove the column if the answers are unknown");
  return *answer;
}

int read_fold(const CsvReader& reader, std::size_t column, const std::string& cell, int folds) {
  int fold = -1;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), fold);
  if (error != std::errc() || end != cell.data() + cell.size() || fold < 0 || fold >= folds)
    reader.fail(column, "the fold is \"" + excerpt(cell) + "\"",
                "It must be 0 to " + std::to_string(folds - 1) +
                    ", since so many folds are asked for: ask for as many as the column has, or remove the column");
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

/// Throws InputError before anything of `cells` is taken.
Question read_question(const CsvReader& reader, const Columns& columns, std::vector<std::string>& cells, IdCheck& ids,
                       std::size_t number, int folds) {
  Question question;
  if (columns.answer)
    question.answer = read_answer(reader, *columns.answer, cells[*columns.answer]);
  if (columns.fold)
    question.fold = read_fold(reader, *columns.fold, cells[*columns.fold], folds);
  if (columns.id)
    ids.check(reader, *columns.id, cells[*columns.id]);
  question.id = columns.id ? std::move(cells[*columns.id]) : std::to_string(number);
  question.prompt = std::move(cells[*columns.prompt]);
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    question.options[i] = std::move(cells[*columns.options[i]]);
  if (columns.context)
    question.context = std::move(cells[*columns.context]);
  return question;
}

/// The id in a row that is no question; empty if there is none.
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

/// A line in the middle of a broken cell looks like a row too: its "id" is no number where all others are, or is
/// another row's.
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

} // namespace

std::optional<int> option_index(std::string_view letter) {
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    if (kLetters[i] == letter)
      return static_cast<int>(i);
  return std::nullopt;
}

Exam read_exam(CsvReader& reader, ReadOptions options) {
  std::vector<std::string> cells;
  reader.next(cells); // the header
  const Columns columns = find_columns(reader, options);
  Exam exam;
  exam.has_context = columns.context.has_value();
  exam.has_answers = columns.answer.has_value();
  IdCheck ids;
  for (bool more = true; more;) {
    bool whole = false; // the row's cells have been read
    try {
      more = reader.next(cells);
      whole = true;
      if (more)
        exam.questions.push_back(read_question(reader, columns, cells, ids, exam.questions.size(), options.folds));
    } catch (const InputError& error) {
      if (!options.lenient)
        throw;
      const std::string id = columns.id ? id_of_bad_row(reader, *columns.id, whole, cells) : "";
      exam.bad_rows.push_back({exam.questions.size(), id, error.what()});
    }
  }
  drop_doubtful_ids(exam);
  if (exam.questions.empty())
    reader.fail("has a header but no questions", "Check that the file was copied whole");
  return exam;
}

Exam read_exam(const std::filesystem::path& file, ReadOptions options) {
  CsvReader reader(file);
  return read_exam(reader, options);
}

} // namespace sciexam
