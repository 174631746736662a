#include "exam/question.hpp"

#include "support/errors.hpp"

#include <initializer_list>
#include <unordered_map>
#include <utility>

namespace sciexam {
namespace {

constexpr std::array<std::string_view, kOptions> kLetters = {"A", "B", "C", "D", "E"};

using Column = std::optional<std::size_t>;

/// Where the columns of an exam lie in its file.
struct Columns {
  Column id, prompt, context, answer;
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
  while (reader.next(cells)) {
    Question question;
    if (columns.answer)
      question.answer = read_answer(reader, *columns.answer, cells[*columns.answer]);
    if (columns.id)
      ids.check(reader, *columns.id, cells[*columns.id]);
    question.id = columns.id ? std::move(cells[*columns.id]) : std::to_string(exam.questions.size());
    question.prompt = std::move(cells[*columns.prompt]);
    for (std::size_t i = 0; i < kLetters.size(); ++i)
      question.options[i] = std::move(cells[*columns.options[i]]);
    if (columns.context)
      question.context = std::move(cells[*columns.context]);
    exam.questions.push_back(std::move(question));
  }
  if (exam.questions.empty())
    reader.fail("has a header but no questions", "Check that the file was copied whole");
  return exam;
}

Exam read_exam(const std::filesystem::path& file, ReadOptions options) {
  CsvReader reader(file);
  return read_exam(reader, options);
}

} // namespace sciexam
