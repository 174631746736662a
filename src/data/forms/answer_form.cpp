#include "data/forms/answer_form.hpp"

#include "data/forms/answer_words.hpp"
#include "data/forms/right_option_apart.hpp"
#include "data/tables/table.hpp"
#include "exam/csv.hpp"
#include "exam/near_duplicates.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>

namespace sciexam::inline data {
namespace {

bool same_words(std::string_view a, std::string_view b) {
  return normalized_words(a) == normalized_words(b);
}

std::optional<int> checked_index(int index, const AnswerCell& answer) {
  return index >= 0 && index < static_cast<int>(answer.options.size()) ? std::optional(index) : std::nullopt;
}

/// The option whose place is `index`, if what the answer says about its text is true.
std::optional<int> confirmed(int index, const OptionName& name, const AnswerCell& answer) {
  const std::optional<int> option = checked_index(index, answer);
  const bool fits = option && same_words(name.text, answer.options[static_cast<std::size_t>(*option)]);
  return option && (name.text.empty() || fits) ? option : std::nullopt;
}

/// The option that the answer names, unless by a bare number.
std::optional<int> find_named(const AnswerCell& answer, const AnswerRules& rules) {
  if (const std::optional<OptionName> name = parse_option_name(answer.text)) {
    std::optional<int> option;
    if (name->letter)
      option = confirmed(*name->letter, *name, answer);
    else if (!name->text.empty())
      for (const int base : {1, 0})
        option = option ? option : confirmed(*name->number - base, *name, answer);
    else if (name->has_word)
      option = checked_index(*name->number - rules.first_option_number, answer);
    if (option)
      return option;
  }
  const std::string plain = plain_name(answer.text);
  const auto found = std::find(rules.option_names.begin(), rules.option_names.end(), plain);
  const bool column = plain.size() > 1 && found != rules.option_names.end();
  return column ? checked_index(static_cast<int>(found - rules.option_names.begin()), answer) : std::nullopt;
}

/// The answer as a number that may be an option's place.
std::optional<int> find_number(const AnswerCell& answer) {
  const std::optional<int> number = small_number(answer.text);
  return number && *number <= static_cast<int>(answer.options.size()) ? number : std::nullopt;
}

/// Whether any answer is 0, and the largest answer that equals the number of its options.
struct Ends {
  bool zero = false;
  std::optional<std::size_t> count = {};
};

Ends ends_of(std::span<const AnswerCell> answers) {
  Ends ends;
  for (const AnswerCell& answer : answers) {
    const std::optional<int> number = find_number(answer);
    ends.zero = ends.zero || number == 0;
    if (number && *number == static_cast<int>(answer.options.size()))
      ends.count = std::max(ends.count.value_or(0), answer.options.size());
  }
  return ends;
}

AnswerForm find_index_base(std::span<const AnswerCell> answers, const AnswerRules& rules) {
  if (rules.base)
    return *rules.base == 0 ? AnswerForm::index_from_0 : AnswerForm::index_from_1;
  const auto [from_0, from_1] = ends_of(answers);
  if (from_0 == from_1.has_value())
    throw InputError({rules.file},
                     from_0 ? "its answers are numbers from 0 to " + std::to_string(*from_1) + ", too many for its " +
                                  counted(*from_1, "option")
                            : "its answers are numbers, but none of them shows whether they count from 0 or from 1",
                     "Give --answer-base 0 or --answer-base 1");
  return from_0 ? AnswerForm::index_from_0 : AnswerForm::index_from_1;
}

/// What numbers count from in a file of letters.
std::optional<int> find_mixed_base(std::span<const AnswerCell> answers, const AnswerRules& rules) {
  if (rules.base)
    return rules.base;
  const auto [from_0, from_1] = ends_of(answers);
  if (from_0 && from_1)
    return std::nullopt;
  return from_0 ? 0 : 1;
}

[[noreturn]] void fail_unlike_options(std::span<const AnswerCell> answers, const AnswerRules& rules) {
  const auto first = std::find_if(answers.begin(), answers.end(), [](const AnswerCell& a) { return !a.text.empty(); });
  throw InputError({rules.file},
                   "most of its answers are neither letters nor numbers nor texts of its options (the first is \"" +
                       excerpt(first->text) + "\")",
                   "Check which column holds the answers; if they are right options that the option columns do not "
                   "hold, give --right-option-apart");
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
  case AnswerForm::apart:
    return "right options, put before the wrong ones";
  }
  throw InternalError("an unknown form of answers");
}

std::optional<int> find_option_text(const AnswerCell& answer) {
  const auto& options = answer.options;
  if (answer.text.empty())
    return std::nullopt;
  if (const auto same = std::find(options.begin(), options.end(), answer.text); same != options.end())
    return static_cast<int>(same - options.begin());
  const std::vector<std::string> words = normalized_words(answer.text);
  std::optional<int> found;
  for (std::size_t i = 0; i < options.size() && !words.empty(); ++i)
    if (normalized_words(options[i]) == words) {
      if (found)
        return std::nullopt;
      found = static_cast<int>(i);
    }
  return found;
}

AnswerReading find_answer_form(std::span<const AnswerCell> answers, const AnswerRules& rules) {
  if (rules.right_option_apart)
    return {AnswerForm::apart};
  const auto count = [&](auto fits) {
    return static_cast<std::size_t>(std::count_if(answers.begin(), answers.end(), fits));
  };
  const std::size_t given = count([](const AnswerCell& answer) { return !answer.text.empty(); });
  const std::size_t letters = count([&](const AnswerCell& answer) { return find_named(answer, rules).has_value(); });
  const std::size_t numbers = count([](const AnswerCell& answer) { return find_number(answer).has_value(); });
  const std::size_t texts = count([](const AnswerCell& answer) { return find_option_text(answer).has_value(); });
  const std::size_t most = std::max({letters, numbers, texts});
  if (2 * most <= given && given > 0) {
    if (rules.answers_are_texts && texts_are_apart(answers))
      return {AnswerForm::apart};
    if (most == 0 || (numbers == most && !rules.base))
      fail_unlike_options(answers, rules);
  }
  if (letters >= texts && letters >= numbers)
    return {AnswerForm::letter, find_mixed_base(answers, rules)};
  if (texts >= numbers)
    return {AnswerForm::text};
  if (!rules.base)
    if (const AnswerForm form = meaning_of_numbers(answers, rules.file); form != AnswerForm::index_from_1)
      return {form};
  return {find_index_base(answers, rules)};
}

std::optional<int> parse_answer(const AnswerReading& reading, const AnswerCell& answer, const AnswerRules& rules) {
  const std::optional<int> text = find_option_text(answer);
  if (reading.form == AnswerForm::text)
    return text;
  const std::optional<int> named = find_named(answer, rules);
  if (named)
    return named;
  const std::optional<int> number = small_number(answer.text);
  if (reading.form != AnswerForm::letter)
    return number ? checked_index(*number - (reading.form == AnswerForm::index_from_0 ? 0 : 1), answer) : std::nullopt;
  if (!number || !reading.number_base)
    return text;
  const std::optional<int> option = checked_index(*number - *reading.number_base, answer);
  return text && text != option ? std::nullopt : option; // ambiguous: also another option's text
}

} // namespace sciexam::inline data
