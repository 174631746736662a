#include "data/forms/columns.hpp"

#include "exam/question.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sciexam {
namespace {

using Column = std::optional<std::size_t>;

// The names that question sets use, as normalised() writes them; the first that a file has counts.
constexpr std::string_view kIdNames[] = {"id", "question_id", "qid", "uid", "index"};
constexpr std::string_view kPromptNames[] = {"prompt", "question", "question_text", "question_stem", "stem", "query"};
constexpr std::string_view kContextNames[] = {"context", "passage", "support", "background", "article"};
constexpr std::string_view kSourceNames[] = {"source", "dataset", "origin"};
constexpr std::string_view kAnswerNames[] = {
    "answer",       "correct_answer", "correct",        "answer_key", "answerkey", "answer_idx", "answer_index",
    "right_answer", "correct_option", "correct_choice", "label",      "target",    "solution",   "gold"};
// '*' stands for the option's letter, '1' and '0' for its number from there.
constexpr std::string_view kOptionNames[] = {
    "*",       "option_*", "option*", "choice_*", "choice*", "opt_*",    "opt*",    "answer_*", "answer*", "option_0",
    "option0", "choice_0", "choice0", "opt_0",    "opt0",    "answer_0", "answer0", "ending_0", "ending0", "option_1",
    "option1", "choice_1", "choice1", "opt_1",    "opt1",    "answer_1", "answer1", "ending_1", "ending1"};
constexpr std::string_view kWrongOptionNames[] = {"distractor_1",      "distractor1",    "incorrect_answer_1",
                                                  "incorrect_answer1", "wrong_answer_1", "wrong_answer1"};

/// Lower case, without space at the ends, words joined by "_".
std::string normalised(std::string_view name) {
  std::string result;
  for (const char byte : name) {
    const bool joins = byte == ' ' || byte == '-' || byte == '.' || byte == '_';
    result += joins ? '_' : static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
  }
  result.erase(0, result.find_first_not_of('_'));
  result.erase(result.find_last_not_of('_') + 1);
  return result;
}

/// A file's header, its names normalised.
class Header {
public:
  explicit Header(const CsvReader& reader) : reader_(reader) {
    for (const std::string& name : reader.header())
      names_.push_back(normalised(name));
  }

  Column find(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
      return std::nullopt;
    const auto column = static_cast<std::size_t>(found - names_.begin());
    if (const auto again = std::find(found + 1, names_.end(), name); again != names_.end())
      reader_.fail(static_cast<std::size_t>(again - names_.begin()),
                   "the header names it twice, first as column " + std::to_string(column + 1),
                   "Remove or rename one of them");
    return column;
  }

  template <std::size_t N>
  Column find_any(const std::string_view (&names)[N]) const {
    for (const std::string_view name : names)
      if (const Column column = find(name))
        return column;
    return std::nullopt;
  }

  /// The columns of options whose names follow `pattern`, of which at most `most` may be; empty unless two are there.
  std::vector<std::size_t> find_options(std::string_view pattern, std::size_t most) const {
    std::vector<std::size_t> columns;
    Column missing;
    for (std::size_t number = 0; number <= most; ++number) {
      const Column column = find(option_name(pattern, number));
      if (!column) {
        missing = missing.value_or(number);
      } else if (number >= most && !missing) {
        reader_.fail(*column, "is one option more than the " + std::to_string(kOptions) + " that a question can have",
                     "Remove questions and columns of more options");
      } else if (missing && !columns.empty()) {
        reader_.fail(*column, "there is no column " + option_name(pattern, *missing) + " before it",
                     "Name the options' columns one after the other");
      } else if (!missing) {
        columns.push_back(*column);
      }
    }
    return columns.size() >= 2 ? columns : std::vector<std::size_t>();
  }

private:
  static std::string option_name(std::string_view pattern, std::size_t number) {
    std::string name(pattern.substr(0, pattern.size() - 1));
    const char last = pattern.back();
    return last == '*' ? name + static_cast<char>('a' + number)
                       : name + std::to_string(number + static_cast<std::size_t>(last - '0'));
  }

  const CsvReader& reader_;
  std::vector<std::string> names_;
};

void find_options(const Header& header, DataColumns& columns) {
  for (const std::string_view pattern : kOptionNames) {
    columns.options = header.find_options(pattern, kOptions);
    if (!columns.options.empty())
      return;
  }
  for (const std::string_view pattern : kWrongOptionNames) {
    if (!columns.answer)
      return;
    columns.options = header.find_options(pattern, kOptions - 1);
    if (columns.options.empty())
      continue;
    columns.options.insert(columns.options.begin(), *columns.answer);
    columns.right_option_apart = true;
    return;
  }
}

} // namespace

DataColumns find_data_columns(const CsvReader& reader) {
  const Header header(reader);
  DataColumns columns;
  columns.id = header.find_any(kIdNames);
  columns.prompt = header.find_any(kPromptNames);
  columns.context = header.find_any(kContextNames);
  columns.source = header.find_any(kSourceNames);
  columns.answer = header.find_any(kAnswerNames);
  find_options(header, columns);
  if (!columns.prompt)
    reader.fail("the header has no column for the question",
                "Name it prompt or question, and the others id, A, B, C, D, E and answer");
  if (columns.options.empty())
    reader.fail("the header has no columns for the options", "Name them A, B, C, D, E, or option1, option2, ...");
  return columns;
}

std::string describe(const DataColumns& columns, const CsvReader& reader) {
  const auto name = [&](std::size_t column) { return excerpt(reader.header()[column]); };
  std::string text = name(*columns.prompt) + ", " + counted(columns.options.size(), "option") + " (" +
                     name(columns.options.front()) + " to " + name(columns.options.back()) + ")";
  for (const Column& column : {columns.answer, columns.context})
    if (column)
      text += ", " + name(*column);
  return text;
}

} // namespace sciexam
