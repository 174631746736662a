#include "data/forms/answer_form.hpp"

#include "exam/near_duplicates.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <charconv>

namespace sciexam {
namespace {

/// "B" of "b", "(B)", "B." or "B)".
std::optional<int> parse_letter(std::string_view text) {
  if (text.starts_with('('))
    text.remove_prefix(1);
  if (text.size() == 2 && (text.back() == ')' || text.back() == '.'))
    text.remove_suffix(1);
  if (text.size() != 1)
    return std::nullopt;
  const char letter = text[0] >= 'a' && text[0] <= 'z' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
  return option_index({&letter, 1});
}

/// 2 of "2" or "2.0", as spreadsheets write it where a cell of the column is empty.
std::optional<int> parse_number(std::string_view text) {
  if (text.ends_with(".0"))
    text.remove_suffix(2);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > kOptions)
    return std::nullopt;
  return number;
}

/// The option of this text: the same text, else, if it is one alone, the same words.
std::optional<int> find_text(const AnswerCell& answer) {
  const auto& options = *answer.options;
  if (answer.text.empty())
    return std::nullopt;
  if (const auto same = std::find(options.begin(), options.end(), answer.text); same != options.end())
    return static_cast<int>(same - options.begin());
  const std::vector<std::string> words = normalized_words(answer.text);
  std::optional<int> found;
  for (int i = 0; i < kOptions && !words.empty(); ++i)
    if (normalized_words(options[static_cast<std::size_t>(i)]) == words) {
      if (found)
        return std::nullopt;
      found = i;
    }
  return found;
}

AnswerForm find_index_base(std::span<const AnswerCell> answers, int option_count, std::optional<int> base,
                           const std::filesystem::path& file) {
  if (base)
    return *base == 0 ? AnswerForm::index_from_0 : AnswerForm::index_from_1;
  const auto has = [&](int number) {
    return std::any_of(answers.begin(), answers.end(),
                       [&](const AnswerCell& answer) { return parse_number(answer.text) == number; });
  };
  const bool from_0 = has(0), from_1 = has(option_count);
  if (from_0 == from_1)
    throw InputError({file},
                     from_0 ? "its answers are numbers from 0 to " + std::to_string(option_count) +
                                  ", too many for its " + counted(option_count, "option")
                            : "its answers are numbers, but none of them tells whether they count from 0 or from 1",
                     "Say it with --answer-base 0 or --answer-base 1");
  return from_0 ? AnswerForm::index_from_0 : AnswerForm::index_from_1;
}

} // namespace

std::string_view text_of(AnswerForm form) {
  switch (form) {
  case AnswerForm::letter:
    return "letters";
  case AnswerForm::text:
    return "texts";
  case AnswerForm::index_from_0:
    return "numbers from 0";
  case AnswerForm::index_from_1:
    return "numbers from 1";
  }
  throw InternalError("an unknown form of answers");
}

AnswerForm find_answer_form(std::span<const AnswerCell> answers, int option_count, std::optional<int> base,
                            const std::filesystem::path& file) {
  const auto count = [&](auto fits) { return std::count_if(answers.begin(), answers.end(), fits); };
  const auto letters = count([](const AnswerCell& answer) { return parse_letter(answer.text).has_value(); });
  const auto numbers = count([](const AnswerCell& answer) { return parse_number(answer.text).has_value(); });
  const auto texts = count([](const AnswerCell& answer) { return find_text(answer).has_value(); });
  if (letters >= texts && letters >= numbers)
    return AnswerForm::letter;
  if (texts >= numbers)
    return AnswerForm::text;
  return find_index_base(answers, option_count, base, file);
}

std::optional<int> parse_answer(AnswerForm form, const AnswerCell& answer) {
  std::optional<int> option;
  if (form == AnswerForm::letter)
    option = parse_letter(answer.text);
  else if (form == AnswerForm::text)
    option = find_text(answer);
  else if (option = parse_number(answer.text); option && form == AnswerForm::index_from_1)
    option = *option - 1;
  return option && *option >= 0 && *option < kOptions ? option : std::nullopt;
}

} // namespace sciexam
