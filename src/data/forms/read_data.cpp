#include "data/forms/read_data.hpp"

#include "data/forms/answer_form.hpp"
#include "data/forms/columns.hpp"
#include "data/tables/column_names.hpp"
#include "data/tables/read_table.hpp"
#include "exam/contexts.hpp"
#include "exam/csv.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline data {
namespace {

/// A question, cleaned, its answer not yet understood.
struct RawQuestion {
  Record record; ///< without options
  std::vector<std::string> options;
  std::string answer; ///< empty where the file has no such column
  std::string fault;  ///< of the row as a whole; empty: none
};

struct RawSet {
  DataColumns columns;
  bool has_header = false;
  std::string described, unused;
  AnswerRules answers; ///< what is known from the columns
  std::vector<RawQuestion> questions;
};

/// Names under which a right option stands, rather than a letter or a number.
constexpr std::string_view kRightOptionNames[] = {"answer",     "correctanswer", "correct",     "correctoption",
                                                  "correctans", "rightanswer",   "rightoption", "correctresponse"};

RawQuestion clean_row(const TableRow& row, const DataColumns& columns, CleaningCounts& counts) {
  const auto clean_cell = [&](std::optional<std::size_t> column, CleaningCounts& of) {
    const std::string* cell = column ? row.find(*column) : nullptr;
    return cell != nullptr ? clean_text(*cell, of) : std::string();
  };
  RawQuestion raw;
  Question& question = raw.record.question;
  question.id = clean_cell(columns.id, counts);
  question.prompt = clean_cell(columns.prompt, counts);
  std::vector<std::string> contexts = {clean_cell(columns.context, counts)};
  for (const std::size_t column : columns.further_contexts)
    contexts.push_back(clean_cell(column, counts));
  set_contexts(question, std::move(contexts));
  std::size_t count = columns.options.size();
  while (count > 0 && row.find(columns.options[count - 1]) == nullptr) // JSON's lists may be shorter
    --count;
  raw.options.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    raw.options[i] = clean_cell(columns.options[i], counts);
  CleaningCounts uncounted; // of cells that are not trained on
  raw.record.source = clean_cell(columns.source, uncounted);
  raw.answer = clean_cell(columns.answer, uncounted);
  raw.record.row = row.row;
  raw.fault = row.fault;
  return raw;
}

AnswerRules answer_rules(const Table& table, const DataColumns& columns) {
  AnswerRules rules{.file = table.file,
                    .right_option_apart = columns.right_option_apart,
                    .first_option_number = columns.first_option_number};
  rules.answers_are_texts = columns.answer && is_one_of(kRightOptionNames, plain_name(table.names[*columns.answer]));
  for (const std::size_t column : columns.options)
    rules.option_names.push_back(plain_name(table.names[column]));
  return rules;
}

RawSet read_raw(Table table, CleaningCounts& counts) {
  RawSet set;
  set.columns = find_data_columns(table);
  set.has_header = table.has_header;
  set.described = describe(set.columns, table);
  set.unused = describe_unused(set.columns, table);
  set.answers = answer_rules(table, set.columns);
  for (TableRow& row : table.rows) {
    set.questions.push_back(clean_row(row, set.columns, counts));
    row.cells.clear();
    row.cells.shrink_to_fit(); // large files are not held twice
  }
  return set;
}

AnswerReading find_reading(const RawSet& set) {
  std::vector<AnswerCell> answers;
  for (const RawQuestion& raw : set.questions)
    if (raw.fault.empty())
      answers.push_back({raw.answer, raw.options});
  return find_answer_form(answers, set.answers);
}

/// Understands the answer. With `apart` it becomes the first option.
void read_raw_answer(RawQuestion& raw, const AnswerReading& reading, const AnswerRules& rules) {
  std::optional<int>& answer = raw.record.question.answer;
  if (reading.form != AnswerForm::apart) {
    answer = parse_answer(reading, {raw.answer, raw.options}, rules);
    return;
  }
  raw.options.insert(raw.options.begin(), raw.answer);
  if (!raw.answer.empty())
    answer = 0;
}

/// Brings the options to the five that a question has; returns how many of them the file has (at most five).
/// A fault if there are too many.
std::optional<Fault> place_options(RawQuestion& raw, const QuestionRules& rules, int& option_count) {
  Question& question = raw.record.question;
  std::vector<std::string>& options = raw.options;
  const auto filled = options.size() - static_cast<std::size_t>(std::count(options.begin(), options.end(), ""));
  option_count = static_cast<int>(std::min<std::size_t>(options.size(), kOptions));
  if (filled > kOptions && !(rules.cut_options && question.answer)) {
    std::move(options.begin(), options.begin() + kOptions, question.options.begin());
    return Fault{Reason::many_options, std::to_string(filled) + " options; --cut-options keeps five of them"};
  }
  if (options.size() <= kOptions) {
    std::move(options.begin(), options.end(), question.options.begin());
    return std::nullopt;
  }
  const std::optional<int> right = std::exchange(question.answer, std::nullopt);
  std::size_t place = 0, wrong = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool is_right = right == static_cast<int>(i);
    if (!is_right && (options[i].empty() || wrong == kOptions - 1))
      continue;
    if (is_right)
      question.answer = static_cast<int>(place);
    else
      ++wrong;
    question.options[place++] = std::move(options[i]);
  }
  return std::nullopt;
}

/// The question's first fault, if it has one, once its answer is understood.
std::optional<Fault> find_raw_fault(RawQuestion& raw, const QuestionRules& rules) {
  if (!raw.fault.empty())
    return Fault{Reason::malformed_row, raw.fault};
  int option_count = 0;
  const std::optional<Fault> many = place_options(raw, rules, option_count);
  const Question& question = raw.record.question;
  if (many && !question.prompt.empty())
    return many;
  const bool unknown = !raw.answer.empty() && (!question.answer || *question.answer >= option_count);
  if (std::optional<Fault> fault = find_fault(question, option_count, rules);
      fault && (!unknown || fault->reason < Reason::no_answer))
    return fault;
  return unknown ? std::optional(Fault{Reason::unknown_answer, "\"" + excerpt(raw.answer) + "\""}) : std::nullopt;
}

[[noreturn]] void fail_unusable(const RawSet& set, const DataSet& data, const std::string& form) {
  const std::string last =
      set.questions.empty() ? "" : "; the last was rejected for: " + std::string(text_of(data.rejected.back().reason));
  throw InputError({set.answers.file},
                   "has " + counted(set.questions.size(), "row") + ", none of which can be used" + last,
                   "Check that it is the right file, and what its columns hold (found: " + form + ")");
}

} // namespace

void read_data_table(Table table, const ReadRules& rules, DataSet& data) {
  const std::filesystem::path path = table.file;
  RawSet set = read_raw(std::move(table), data.cleaning);
  if (!set.columns.answer)
    throw InputError({path, set.has_header ? std::size_t{1} : 0},
                     set.has_header ? "the header has no column for the answer" : "has no answers",
                     "Name them answer; a file without answers can be a --hold-out, but not be trained on");
  set.answers.base = rules.answer_base;
  set.answers.right_option_apart = set.answers.right_option_apart || rules.right_option_apart;
  const AnswerReading reading = find_reading(set);
  const std::size_t file = data.add_file(path.string());
  data.files[file].read = set.questions.size();
  data.files[file].form = set.described + "; answers are " + std::string(text_of(reading.form));
  data.files[file].unused = set.unused;

  const std::size_t before = data.records.size();
  for (RawQuestion& raw : set.questions) {
    read_raw_answer(raw, reading, set.answers);
    raw.record.file = file;
    if (raw.record.source.empty())
      raw.record.source = data.files[file].name;
    if (const auto fault = find_raw_fault(raw, rules.questions)) {
      data.reject(raw.record, fault->reason, fault->detail);
      continue;
    }
    data.records.push_back(std::move(raw.record));
  }
  if (data.records.size() == before)
    fail_unusable(set, data, data.files[file].form);
}

void read_data_file(const std::filesystem::path& path, const ReadRules& rules, DataSet& data) {
  read_data_table(read_table(path), rules, data);
}

HoldOut read_hold_out(const std::filesystem::path& path) {
  CleaningCounts uncounted;
  RawSet set = read_raw(read_table(path), uncounted);
  if (set.questions.empty())
    throw InputError({path}, "has a header but no questions", "Check that the file was copied completely");
  HoldOut hold_out{path.string(), {}};
  for (RawQuestion& raw : set.questions) {
    if (!raw.fault.empty())
      throw InputError({path, raw.record.row}, "has " + raw.fault,
                       "Correct the row: a question that cannot be read cannot be held out");
    if (set.columns.right_option_apart)
      raw.options.insert(raw.options.begin(), raw.answer);
    const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(raw.options.size(), kOptions));
    std::move(raw.options.begin(), raw.options.begin() + count, raw.record.question.options.begin());
    hold_out.questions.push_back(std::move(raw.record.question));
    hold_out.rows.push_back(raw.record.row);
  }
  return hold_out;
}

} // namespace sciexam::inline data
