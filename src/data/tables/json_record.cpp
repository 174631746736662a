#include "data/tables/json_record.hpp"

#include "data/tables/column_names.hpp"
#include "data/tables/json_options.hpp"
#include "data/tables/table.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sciexam::inline data {
namespace {

std::string letter_of(std::size_t option) {
  return {static_cast<char>('A' + option)};
}

constexpr std::size_t kMostLetters = 26;

/// Makes the cells of one record.
class Flattener {
public:
  NamedCells flatten(const Json& record) {
    add_object("", record);
    if (options_ && !options_->labels.empty())
      translate_labels();
    if (options_ && options_->right && *options_->right < kMostLetters)
      cells_.emplace_back("options.right", letter_of(*options_->right));
    return std::move(cells_);
  }

private:
  void add_object(const std::string& prefix, const Json& object) {
    const Json* options = options_ ? nullptr : take_options(object);
    const std::string before = prefix.empty() ? "" : prefix + ".";
    for (const auto& [key, value] : object.items())
      if (&value != options)
        add(before + key, plain_name(key), value);
  }

  /// The member that holds the options, which become cells; nullptr if none does.
  const Json* take_options(const Json& object) {
    const auto take = [&](std::string_view name, auto read) -> const Json* {
      for (const auto& [key, value] : object.items())
        if (plain_name(key) == name)
          if ((options_ = read(value)))
            return &value;
      return nullptr;
    };
    const Json* found = nullptr;
    for (const std::string_view name : kOptionListNames)
      if (found == nullptr)
        found = take(name, options_of);
    if (found == nullptr)
      found = take(kScoresName, options_with_scores);
    if (found != nullptr)
      for (std::size_t i = 0; i < options_->texts.size(); ++i)
        cells_.emplace_back("options." + (i < kMostLetters ? letter_of(i) : std::to_string(i + 1)), options_->texts[i]);
    return found;
  }

  void add(const std::string& name, const std::string& plain, const Json& value) {
    if (value.is_object()) {
      add_object(name, value);
      return;
    }
    if (!value.is_array()) {
      cells_.emplace_back(name, scalar_text(value));
      return;
    }
    const bool wrong = is_one_of(kWrongListNames, plain);
    std::string lines;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string text = scalar_text(value[i]);
      if (wrong)
        cells_.emplace_back("distractors." + std::to_string(i + 1), text);
      lines += (i == 0 ? "" : "\n") + text;
    }
    if (!wrong)
      cells_.emplace_back(name, lines);
  }

  /// Answers that are labels become letters by the labels' places.
  void translate_labels() {
    const std::vector<std::string>& labels = options_->labels;
    if (std::set<std::string>(labels.begin(), labels.end()).size() != labels.size())
      return;
    for (auto& [name, text] : cells_) {
      const auto label = std::find(labels.begin(), labels.end(), text);
      const auto place = static_cast<std::size_t>(label - labels.begin());
      if (label != labels.end() && place < kMostLetters && is_one_of(kAnswerNames, plain_name(name)))
        text = letter_of(place);
    }
  }

  NamedCells cells_;
  std::optional<OptionList> options_;
};

/// "question" of "questions".
std::string singular(const std::string& name) {
  const bool plural = name.size() > 1 && (name.back() == 's' || name.back() == 'S');
  return plural ? name.substr(0, name.size() - 1) : name;
}

/// The name of the list of questions; empty if there is none.
std::string question_list_of(const Json& record) {
  for (const auto& [key, value] : record.items())
    if (plain_name(key) == "questions" && value.is_array() && !value.empty())
      return key;
  return {};
}

} // namespace

NamedCells cells_of(const Json& record) {
  return Flattener().flatten(record);
}

bool is_question(const Json& record) {
  if (!record.is_object())
    return false;
  bool prompt = false, rest = false;
  for (const auto& [key, value] : record.items()) {
    const std::string plain = plain_name(key);
    prompt = prompt || (is_one_of(kPromptNames, plain) && !value.is_array());
    rest = rest || is_one_of(kAnswerNames, plain) || is_one_of(kOptionListNames, plain) ||
           is_one_of(kWrongListNames, plain) || plain == kScoresName || plain == "a" || plain == "optiona";
  }
  return prompt && rest;
}

bool has_question_list(const Json& record) {
  return !question_list_of(record).empty();
}

std::vector<Json> questions_in(const Json& record) {
  const std::string list = question_list_of(record);
  if (list.empty())
    return {record};
  const Json& questions = record.at(list);
  std::vector<Json> all;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Json one = Json::object();
    for (const auto& [key, value] : record.items()) {
      if (key == list)
        continue;
      const bool parallel = !questions[i].is_object() && value.is_array() && value.size() == questions.size();
      one[parallel && !value[i].is_structured() ? singular(key) : key] = parallel ? value[i] : value;
    }
    if (questions[i].is_object())
      for (const auto& [key, value] : questions[i].items())
        one[key] = value;
    else
      one["question"] = questions[i];
    all.push_back(std::move(one));
  }
  return all;
}

} // namespace sciexam::inline data
