#include "data/forms/read_data.hpp"

#include "data/forms/answer_form.hpp"
#include "data/forms/columns.hpp"
#include "exam/csv.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <utility>

namespace sciexam {
namespace {

/// A file's rows, cleaned, their answers not yet understood.
struct Rows {
  DataColumns columns;
  std::string described;
  std::vector<Record> records;
  std::vector<std::string> answers; ///< one a record; empty where the file has no such column
};

Question clean_question(const DataColumns& columns, const std::vector<std::string>& cells, CleaningCounts& counts) {
  const auto clean_cell = [&](std::optional<std::size_t> column) {
    return column ? clean_text(cells[*column], counts) : std::string();
  };
  Question question;
  question.id = clean_cell(columns.id);
  question.prompt = clean_cell(columns.prompt);
  question.context = clean_cell(columns.context);
  for (std::size_t i = 0; i < columns.options.size(); ++i)
    question.options[i] = clean_cell(columns.options[i]);
  return question;
}

Rows read_rows(const std::filesystem::path& path, CleaningCounts& counts) {
  CsvReader reader(path);
  std::vector<std::string> cells;
  reader.next(cells); // the header
  Rows rows;
  rows.columns = find_data_columns(reader);
  rows.described = describe(rows.columns, reader);
  while (reader.next(cells)) {
    Record record;
    record.question = clean_question(rows.columns, cells, counts);
    record.row = reader.row();
    CleaningCounts uncounted; // of cells that are not trained on
    if (rows.columns.source)
      record.source = clean_text(cells[*rows.columns.source], uncounted);
    rows.answers.push_back(rows.columns.answer ? clean_text(cells[*rows.columns.answer], uncounted) : "");
    rows.records.push_back(std::move(record));
  }
  return rows;
}

AnswerForm form_of(const Rows& rows, const ReadRules& rules, const std::filesystem::path& path) {
  if (rows.columns.right_option_apart)
    return AnswerForm::text;
  std::vector<AnswerCell> answers;
  for (std::size_t i = 0; i < rows.records.size(); ++i)
    answers.push_back({rows.answers[i], &rows.records[i].question.options});
  return find_answer_form(answers, static_cast<int>(rows.columns.options.size()), rules.answer_base, path);
}

/// Understands the answer; then the question's first fault, if it has one.
std::optional<Fault> read_answer(Question& question, const std::string& answer, AnswerForm form, int option_count,
                                 const QuestionRules& rules) {
  question.answer = parse_answer(form, {answer, &question.options});
  const bool unknown = !answer.empty() && (!question.answer || *question.answer >= option_count);
  if (std::optional<Fault> fault = find_fault(question, option_count, rules);
      fault && (!unknown || fault->reason < Reason::no_answer))
    return fault;
  return unknown ? std::optional(Fault{Reason::unknown_answer, "\"" + excerpt(answer) + "\""}) : std::nullopt;
}

} // namespace

void read_data_file(const std::filesystem::path& path, const ReadRules& rules, DataSet& data) {
  Rows rows = read_rows(path, data.cleaning);
  if (!rows.columns.answer)
    throw InputError({path, 1}, "the header has no column for the answer",
                     "Name it answer; a file without answers can be a --hold-out, but not be trained on");
  const AnswerForm form = form_of(rows, rules, path);
  const int option_count = static_cast<int>(rows.columns.options.size());
  const std::size_t file = data.add_file(path.string());
  data.files[file].read = rows.records.size();
  data.files[file].form = rows.described + "; answers are " + std::string(text_of(form));

  const std::size_t before = data.records.size();
  for (std::size_t i = 0; i < rows.records.size(); ++i) {
    Record& record = rows.records[i];
    record.file = file;
    if (record.source.empty())
      record.source = data.files[file].name;
    if (const auto fault = read_answer(record.question, rows.answers[i], form, option_count, rules.questions)) {
      data.reject(record, fault->reason, fault->detail);
      continue;
    }
    data.records.push_back(std::move(record));
  }
  if (data.records.size() == before) {
    const std::string last =
        rows.records.empty() ? "" : "; the last is rejected for: " + std::string(text_of(data.rejected.back().reason));
    throw InputError({path}, "has " + counted(rows.records.size(), "row") + ", of which none can be used" + last,
                     "Check that it is the right file, and what its columns hold (found: " + data.files[file].form +
                         ")");
  }
}

std::vector<Question> read_hold_out(const std::filesystem::path& path) {
  CleaningCounts uncounted;
  Rows rows = read_rows(path, uncounted);
  if (rows.records.empty())
    throw InputError({path}, "has a header but no questions", "Check that the file was copied whole");
  std::vector<Question> questions;
  for (Record& record : rows.records)
    questions.push_back(std::move(record.question));
  return questions;
}

} // namespace sciexam
