#include "data/forms/columns.hpp"

#include "data/tables/column_names.hpp"
#include "exam/context_columns.hpp"
#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <string_view>

namespace sciexam::inline data {
namespace {

using Column = std::optional<std::size_t>;

constexpr std::size_t kMostOptionColumns = 26;

/// A table's names, and which of its columns hold any text.
class Header {
public:
  explicit Header(const Table& table) : table_(table), has_text_(table.names.size()) {
    for (const std::string& name : table.names)
      names_.push_back(plain_name(name));
    for (const TableRow& row : table.rows)
      for (const TableCell& cell : row.cells)
        has_text_[cell.column] = has_text_[cell.column] || cell.text.find_first_not_of(" \t") != std::string::npos;
  }

  Column find(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
      return std::nullopt;
    const auto column = static_cast<std::size_t>(found - names_.begin());
    if (const auto again = std::find(found + 1, names_.end(), name); again != names_.end())
      table_.fail(static_cast<std::size_t>(again - names_.begin()),
                  "the header names it twice, first as column " + std::to_string(column + 1),
                  "Remove or rename one of them");
    return column;
  }

  template <std::size_t N>
  Column find_any(const std::string_view (&names)[N]) const {
    Column empty;
    for (const std::string_view name : names) {
      const Column column = find(name);
      if (column && has_text_[*column])
        return column;
      empty = empty ? empty : column;
    }
    return empty;
  }

  /// The columns of options whose names follow `pattern`; empty unless two are there.
  std::vector<std::size_t> find_options(std::string_view pattern) const {
    std::vector<std::size_t> columns;
    Column missing;
    for (std::size_t number = 0; number < kMostOptionColumns; ++number) {
      const Column column = find(option_name(pattern, number));
      if (!column)
        missing = missing.value_or(number);
      else if (!missing)
        columns.push_back(*column);
      else if (!columns.empty() && number <= kOptions) // a higher number names something else
        table_.fail(*column, "there is no column " + option_name(pattern, *missing) + " before it",
                    "Name the options' columns one after the other");
    }
    return columns.size() >= 2 ? columns : std::vector<std::size_t>();
  }

  bool has_text(std::size_t column) const { return has_text_[column]; }

private:
  static std::string option_name(std::string_view pattern, std::size_t number) {
    std::string name(pattern.substr(0, pattern.size() - 1));
    const char last = pattern.back();
    return last == '*' ? name + static_cast<char>('a' + number)
                       : name + std::to_string(number + static_cast<std::size_t>(last - '0'));
  }

  const Table& table_;
  std::vector<std::string> names_;
  std::vector<bool> has_text_;
};

void find_options(const Header& header, DataColumns& columns) {
  for (const std::string_view pattern : kOptionNames) {
    columns.options = header.find_options(pattern);
    columns.first_option_number = pattern.back() == '0' ? 0 : 1;
    if (!columns.options.empty())
      return;
  }
  columns.first_option_number = 1;
  for (const std::string_view pattern : kWrongOptionNames) {
    columns.options = columns.answer ? header.find_options(pattern) : std::vector<std::size_t>();
    columns.right_option_apart = !columns.options.empty();
    if (columns.right_option_apart)
      return;
  }
}

void find_further_contexts(const Header& header, DataColumns& columns) {
  for (std::size_t number = 2; columns.context && number <= kMostContexts; ++number) {
    const Column column = header.find(plain_name(context_column(number)));
    if (!column)
      return;
    columns.further_contexts.push_back(*column);
  }
}

void find_unused(const Header& header, const Table& table, DataColumns& columns) {
  std::vector<bool> used(table.names.size());
  for (const Column& column : {columns.id, columns.prompt, columns.context, columns.source, columns.answer})
    if (column)
      used[*column] = true;
  for (const auto& several : {columns.options, columns.further_contexts})
    for (const std::size_t column : several)
      used[column] = true;
  for (std::size_t column = 0; column < used.size(); ++column)
    if (!used[column] && header.has_text(column))
      columns.unused.push_back(column);
}

/// The first names of a header, for a message.
std::string first_names(const Table& table, const std::vector<std::size_t>& columns) {
  constexpr std::size_t kMostNames = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(columns.size(), kMostNames); ++i) {
    const std::string& name = table.names[columns[i]];
    text += (i == 0 ? "" : ", ") + (name.empty() ? "column " + std::to_string(columns[i] + 1) : excerpt(name));
  }
  return columns.size() > kMostNames ? text + " and " + std::to_string(columns.size() - kMostNames) + " more" : text;
}

[[noreturn]] void fail_without(const Table& table, const std::string& what, const std::string& remedy) {
  std::vector<std::size_t> all(table.names.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = i;
  table.fail((table.has_header ? "the header has no " : "has no ") + what + " (found: " + first_names(table, all) + ")",
             remedy);
}

} // namespace

DataColumns find_data_columns(const Table& table) {
  const Header header(table);
  DataColumns columns;
  columns.id = header.find_any(kIdNames);
  columns.prompt = header.find_any(kPromptNames);
  columns.context = header.find_any(kContextNames);
  if (columns.context && columns.prompt && plain_name(table.names[*columns.context]) == kFirstSentence &&
      plain_name(table.names[*columns.prompt]) != kSecondSentence)
    columns.context.reset(); // the prompt holds it already
  find_further_contexts(header, columns);
  columns.source = header.find_any(kSourceNames);
  columns.answer = header.find_any(kAnswerNames);
  find_options(header, columns);
  if (!columns.prompt)
    fail_without(table, "column for the question",
                 "Name it prompt or question, and the others id, A, B, C, D, E and answer");
  if (columns.options.empty())
    fail_without(table, "columns for the options", "Name them A, B, C, D, E, or option1, option2, ...");
  if (std::find(columns.options.begin(), columns.options.end(), columns.answer) != columns.options.end())
    columns.answer.reset();
  find_unused(header, table, columns);
  return columns;
}

std::string describe(const DataColumns& columns, const Table& table) {
  const auto name = [&](std::size_t column) { return excerpt(table.names[column]); };
  std::string text = (table.form.empty() ? "" : table.form + ": ") + name(*columns.prompt) + ", " +
                     counted(columns.options.size(), columns.right_option_apart ? "wrong option" : "option") + " (" +
                     name(columns.options.front()) + " to " + name(columns.options.back()) + ")";
  for (const Column& column : {columns.answer, columns.context})
    if (column)
      text += ", " + name(*column);
  for (const std::size_t column : columns.further_contexts)
    text += ", " + name(column);
  return text;
}

std::string describe_unused(const DataColumns& columns, const Table& table) {
  return first_names(table, columns.unused);
}

} // namespace sciexam::inline data
