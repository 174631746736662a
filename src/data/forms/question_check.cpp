#include "data/forms/question_check.hpp"

#include "exam/csv.hpp"

#include <algorithm>
#include <set>

namespace sciexam::inline data {

std::optional<Fault> find_fault(const Question& question, int option_count, const QuestionRules& rules) {
  if (question.prompt.empty())
    return Fault{Reason::empty_prompt};
  const auto filled = kOptions - std::count(question.options.begin(), question.options.end(), "");
  if (filled < 2 || (rules.require_five && filled < kOptions))
    return Fault{Reason::few_options, std::to_string(filled) + " with text"};
  if (!question.answer)
    return Fault{Reason::no_answer};
  const std::string& right = question.options[static_cast<std::size_t>(*question.answer)];
  if (right.empty())
    return Fault{Reason::empty_answer, std::string(1, static_cast<char>('A' + *question.answer))};
  std::set<std::string_view> texts;
  for (int option = 0; option < option_count; ++option) {
    const std::string& text = question.options[static_cast<std::size_t>(option)];
    const std::string letter(1, static_cast<char>('A' + option));
    if (text.empty() && rules.drop_empty_options)
      return Fault{Reason::empty_option, letter};
    if (!text.empty() && !texts.insert(text).second)
      return Fault{Reason::doubled_option, letter + ": " + excerpt(text)};
  }
  return std::nullopt;
}

} // namespace sciexam::inline data
