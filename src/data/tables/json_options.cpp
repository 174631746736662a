#include "data/tables/json_options.hpp"

#include "data/tables/table.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace sciexam::inline data {
namespace {

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

bool is_scalar_list(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), is_scalar);
}

/// The first member whose plain name is one of `names` and which fits; nullptr without one.
template <typename Fits>
const Json* find_member(const Json& object, std::initializer_list<std::string_view> names, Fits fits) {
  for (const std::string_view name : names)
    for (const auto& [key, value] : object.items())
      if (plain_name(key) == name && fits(value))
        return &value;
  return nullptr;
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& value : list)
    texts.push_back(scalar_text(value));
  return texts;
}

bool is_true(const Json& value) {
  return value.is_boolean() ? value.get<bool>() : value.is_number_integer() && value == 1;
}

/// [{"label": "A", "text": ".."}, ...], where a label is not needed, and one may be marked as right.
std::optional<OptionList> options_of_objects(const Json& list) {
  OptionList options;
  for (const Json& object : list) {
    if (!object.is_object())
      return std::nullopt;
    const Json* text = find_member(
        object, {"text", "content", "optiontext", "choicetext", "option", "choice", "value", "answer", "body"},
        is_scalar);
    if (text == nullptr)
      return std::nullopt;
    const Json* label = find_member(object, {"label", "key", "letter", "identifier", "optionid", "id"}, is_scalar);
    const Json* right = find_member(object, {"iscorrect", "correct", "isright", "right", "isanswer", "isanswercorrect"},
                                    [](const Json& value) { return value.is_boolean() || value.is_number_integer(); });
    if (right != nullptr && is_true(*right)) {
      if (options.right) // more than one: not such a question
        return std::nullopt;
      options.right = options.texts.size();
    }
    options.texts.push_back(scalar_text(*text));
    if (label != nullptr)
      options.labels.push_back(scalar_text(*label));
  }
  return options;
}

/// {"text": [..], "label": [..]}, or TruthfulQA's {"choices": [..], "labels": [1, 0, 0]}.
std::optional<OptionList> options_of_lists(const Json& object) {
  const Json* texts = find_member(object, {"text", "texts", "choices", "options"}, is_scalar_list);
  if (texts == nullptr)
    return std::nullopt;
  OptionList options{.texts = texts_of(*texts)};
  const Json* labels = find_member(object, {"label", "labels", "key", "keys"}, is_scalar_list);
  if (labels == nullptr || labels->size() != texts->size())
    return options;
  const bool marks = std::count(labels->begin(), labels->end(), 1) == 1 &&
                     std::count(labels->begin(), labels->end(), 0) == static_cast<std::ptrdiff_t>(labels->size()) - 1 &&
                     find_member(object, {"choices"}, is_scalar_list) != nullptr;
  if (marks)
    options.right = static_cast<std::size_t>(std::find(labels->begin(), labels->end(), 1) - labels->begin());
  else
    options.labels = texts_of(*labels);
  return options;
}

/// {"A": "..", "B": ".."}, or the same with numbers from 0 or 1.
std::optional<OptionList> options_by_label(const Json& object) {
  OptionList options;
  bool letters = true, from_0 = true, from_1 = true;
  for (const auto& [key, value] : object.items()) {
    if (!is_scalar(value) && !value.is_null())
      return std::nullopt;
    const std::size_t i = options.texts.size();
    const std::string name = plain_name(key);
    letters = letters && i < 26 && name == std::string(1, static_cast<char>('a' + i));
    from_0 = from_0 && name == std::to_string(i);
    from_1 = from_1 && name == std::to_string(i + 1);
    options.texts.push_back(scalar_text(value));
    options.labels.push_back(key);
  }
  return letters || from_0 || from_1 ? std::optional(options) : std::nullopt;
}

/// The length of "A)", "(A)", "A." or "A:", with the space after it, for option `i`; 0 if `text` has no such beginning.
std::size_t label_length(std::string_view text, std::size_t i) {
  const std::size_t open = text.starts_with('(') || text.starts_with('[') ? 1 : 0;
  if (text.size() < open + 2 || i >= 26 ||
      plain_name(text.substr(open, 1)) != std::string(1, static_cast<char>('a' + i)))
    return 0;
  const char close = text[open + 1];
  const bool closed = open == 1 ? close == ')' || close == ']' : close == ')' || close == '.' || close == ':';
  if (!closed)
    return 0;
  return std::min(text.find_first_not_of(' ', open + 2), text.size());
}

/// Removes the labels if all options carry theirs.
void strip_labels(std::vector<std::string>& texts) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < texts.size(); ++i)
    lengths.push_back(label_length(texts[i], i));
  if (std::find(lengths.begin(), lengths.end(), std::size_t{0}) != lengths.end())
    return;
  for (std::size_t i = 0; i < texts.size(); ++i)
    texts[i].erase(0, lengths[i]);
}

std::optional<OptionList> raw_options_of(const Json& value) {
  if (is_scalar_list(value))
    return OptionList{.texts = texts_of(value)};
  if (value.is_array())
    return options_of_objects(value);
  if (!value.is_object())
    return std::nullopt;
  const std::optional<OptionList> lists = options_of_lists(value);
  return lists ? lists : options_by_label(value);
}

} // namespace

std::string scalar_text(const Json& value) {
  if (value.is_string())
    return value.get<std::string>();
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

std::optional<OptionList> options_of(const Json& value) {
  std::optional<OptionList> options = raw_options_of(value);
  if (!options || options->texts.size() < 2)
    return std::nullopt;
  if (options->labels.size() != options->texts.size())
    options->labels.clear();
  strip_labels(options->texts);
  return options;
}

std::optional<OptionList> options_with_scores(const Json& value) {
  if (!value.is_object() || value.size() < 2 ||
      !std::all_of(value.begin(), value.end(), [](const Json& score) { return score.is_number(); }))
    return std::nullopt;
  OptionList options;
  double best = 0;
  bool one = false; // has the best score
  for (const auto& [text, score] : value.items()) {
    const double points = score.get<double>();
    if (!options.right || points > best) {
      options.right = options.texts.size();
      best = points;
      one = true;
    } else if (points == best) {
      one = false;
    }
    options.texts.push_back(text);
  }
  if (!one)
    options.right.reset();
  return options;
}

} // namespace sciexam::inline data
