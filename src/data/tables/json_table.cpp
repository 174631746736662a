#include "data/tables/json_table.hpp"

#include "data/tables/column_names.hpp"
#include "data/tables/json_lines.hpp"
#include "data/tables/json_record.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <fstream>
#include <unordered_map>
#include <utility>

namespace sciexam::inline data {
namespace {

constexpr const char* kFormRemedy = "Write each question as an object, such as {\"question\": \"..\", \"options\": "
                                    "[\"..\", \"..\"], \"answer\": \"A\"}";

/// Gathers records as the rows of a table.
class TableBuilder {
public:
  TableBuilder(const std::filesystem::path& file, std::string form) {
    table_.file = file;
    table_.form = std::move(form);
  }

  /// The questions of one object.
  void add(const Json& record, std::size_t row) {
    for (const Json& question : questions_in(record))
      add_row(cells_of(question), row);
  }

  std::size_t rows() const { return table_.rows.size(); }
  Table take() { return std::move(table_); }

private:
  void add_row(NamedCells&& cells, std::size_t row) {
    TableRow made{.row = row};
    for (auto& [name, text] : cells)
      made.cells.push_back({column_of(name), std::move(text)});
    std::stable_sort(made.cells.begin(), made.cells.end(),
                     [](const TableCell& a, const TableCell& b) { return a.column < b.column; });
    const auto same = std::unique(made.cells.begin(), made.cells.end(),
                                  [](const TableCell& a, const TableCell& b) { return a.column == b.column; });
    made.cells.erase(same, made.cells.end());
    table_.rows.push_back(std::move(made));
  }

  std::size_t column_of(const std::string& name) {
    const auto [entry, is_new] = columns_.emplace(name, table_.names.size());
    if (is_new)
      table_.names.push_back(name);
    if (table_.names.size() > kMaxJsonNames)
      throw InputError({table_.file}, "its questions have more than " + std::to_string(kMaxJsonNames) + " names",
                       "Check that it is the right file");
    return entry->second;
  }

  Table table_;
  std::unordered_map<std::string, std::size_t> columns_;
};

bool is_list_of(const Json& value, bool (Json::*is)() const noexcept) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [&](const Json& element) { return (element.*is)(); });
}

void add_list(const JsonView& list, TableBuilder& builder) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonView element = list.at(i);
    if (!element.json().is_object())
      element.fail("is not an object", kFormRemedy);
    const bool viewer = element.has("row_idx") && element.has("row"); // Hugging Face's dataset server
    builder.add(viewer ? element.at("row").json() : element.json(), i + 1);
  }
}

/// {"columns": ["question", ..], "data": [["..", ..], ..]}
void add_split(const JsonView& names, const JsonView& data, TableBuilder& builder) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const JsonView row = data.at(i);
    if (row.size() != names.size())
      row.fail("has " + counted(row.size(), "value") + ", but there are " + counted(names.size(), "column"),
               "Get the file from its source again");
    Json record = Json::object();
    for (std::size_t column = 0; column < names.size(); ++column)
      record[names.at(column).string()] = row.at(column).json();
    builder.add(record, i + 1);
  }
}

/// {"question": {"0": "..", "1": ".."}, "A": {..}}, or with lists in place of the inner objects.
void add_columns(const JsonView& root, TableBuilder& builder) {
  const std::vector<std::pair<std::string, JsonView>> columns = root.members();
  std::vector<std::vector<std::pair<std::string, const Json*>>> values;
  for (const auto& [name, column] : columns) {
    values.emplace_back();
    for (const auto& [key, value] : column.json().items())
      values.back().emplace_back(key, &value);
    if (values.back().size() != values.front().size())
      column.fail("has " + counted(values.back().size(), "value") + ", but the first column has " +
                      std::to_string(values.front().size()),
                  "Get the file from its source again");
  }
  for (std::size_t i = 0; i < values.front().size(); ++i) {
    Json record = Json::object();
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (values[column][i].first != values.front()[i].first)
        columns[column].second.fail("has \"" + values[column][i].first + "\" where the first column has \"" +
                                        values.front()[i].first + "\"",
                                    "Get the file from its source again");
      record[columns[column].first] = *values[column][i].second;
    }
    builder.add(record, i + 1);
  }
}

/// Whether the object holds columns: its members are all objects or all lists, and one of them holds the prompts.
bool holds_columns(const Json& root) {
  bool objects = true, lists = true, prompts = false;
  for (const auto& [key, value] : root.items()) {
    objects = objects && value.is_object();
    lists = lists && value.is_array();
    const bool texts = std::all_of(value.begin(), value.end(), [](const Json& cell) { return !cell.is_structured(); });
    prompts = prompts || (value.is_structured() && texts && is_one_of(kPromptNames, plain_name(key)));
  }
  return (objects || lists) && prompts;
}

/// {"q1": {..}, "q2": {..}}: the keys are ids where the questions have none.
void add_by_key(const JsonView& root, TableBuilder& builder) {
  std::size_t row = 0;
  for (const auto& [key, value] : root.members()) {
    Json record = value.json();
    const auto has_id = [&] {
      for (const auto& [name, ignored] : record.items())
        if (is_one_of(kIdNames, plain_name(name)))
          return true;
      return false;
    };
    if (record.is_object() && !has_id())
      record["id"] = key;
    if (!record.is_object())
      value.fail("is not an object", kFormRemedy);
    builder.add(record, ++row);
  }
}

void add_document(const JsonView& root, TableBuilder& builder);

/// Whether an element looks like a question, or like a row of the dataset server.
bool holds_questions(const Json& list) {
  return std::any_of(list.begin(), list.end(), [](const Json& element) {
    return is_question(element) || has_question_list(element) || element.contains("row_idx");
  });
}

/// The one member of `root` with questions in it.
void add_member(const JsonView& root, TableBuilder& builder) {
  using Members = std::vector<std::pair<std::string, JsonView>>;
  Members lists, with_questions, others;
  for (const auto& member : root.members()) {
    const Json& value = member.second.json();
    const bool list = is_list_of(value, &Json::is_object);
    if (list && holds_questions(value))
      with_questions.push_back(member);
    if (list)
      lists.push_back(member);
    else if (value.is_structured())
      others.push_back(member);
  }
  const Members& found = !with_questions.empty() ? with_questions : !lists.empty() ? lists : others;
  if (found.size() > 1 && &found != &others)
    root.fail("has more than one list, \"" + found[0].first + "\" and \"" + found[1].first + "\"",
              "Give a file of one list of questions");
  if (found.size() != 1)
    root.fail("has no list of questions", kFormRemedy);
  add_document(found.front().second, builder);
}

void add_document(const JsonView& root, TableBuilder& builder) {
  const Json& json = root.json();
  if (json.is_array()) {
    add_list(root, builder);
    return;
  }
  if (!json.is_object())
    root.fail("is neither an object nor a list", kFormRemedy);
  const bool split = root.has("columns") && root.has("data") &&
                     is_list_of(root.at("columns").json(), &Json::is_string) &&
                     is_list_of(root.at("data").json(), &Json::is_array);
  if (split)
    add_split(root.at("columns"), root.at("data"), builder);
  else if (!json.empty() && holds_columns(json))
    add_columns(root, builder);
  else if (is_question(json) || has_question_list(json))
    builder.add(json, 1);
  else if (!json.empty() && std::any_of(json.begin(), json.end(), is_question))
    add_by_key(root, builder);
  else
    add_member(root, builder);
}

/// Whether the file is JSON lines: by its name, or because its first line is an object and not the only one.
bool is_json_lines(const std::filesystem::path& path) {
  const std::string extension = plain_name(path.extension().string());
  if (extension == "jsonl" || extension == "ndjson" || extension == "jsonlines")
    return true;
  JsonLines lines(path);
  std::string line;
  if (!lines.next(line) || line.find_first_not_of(" \t") != line.find('{'))
    return false;
  try {
    lines.parse(line);
  } catch (const InputError&) {
    return false;
  }
  return lines.next(line);
}

Table read_lines(const std::filesystem::path& path) {
  JsonLines lines(path);
  TableBuilder builder(path, "JSON lines");
  for (std::string line; lines.next(line);) {
    const JsonDocument document = lines.parse(line);
    if (!document.root().json().is_object())
      document.root().fail("is not an object", kFormRemedy);
    builder.add(document.root().json(), lines.row());
  }
  return builder.take();
}

} // namespace

bool is_json_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(4096, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const std::size_t first = text.find_first_not_of(" \t\r\n", begin);
  return first != std::string::npos && (text[first] == '{' || text[first] == '[');
}

Table json_table_of(std::string_view text, const std::filesystem::path& name) {
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  const JsonDocument document(text, name);
  TableBuilder builder(name, "JSON");
  add_document(document.root(), builder);
  return builder.take();
}

Table read_json_table(const std::filesystem::path& path) {
  if (is_json_lines(path))
    return read_lines(path);
  return json_table_of(read_text_file(path, kMaxJsonBytes), path);
}

} // namespace sciexam::inline data
