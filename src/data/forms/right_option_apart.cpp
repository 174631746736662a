#include "data/forms/right_option_apart.hpp"

#include "data/forms/answer_words.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>

namespace sciexam::inline data {
namespace {

constexpr double kUnlikely = 1e-3; // a probability that is taken to mean impossible

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

bool any_has_digit(std::span<const std::string> options) {
  return std::any_of(options.begin(), options.end(), [](const std::string& option) { return has_digit(option); });
}

bool is_numeric(std::string_view text) {
  return has_digit(text) && text.find_first_not_of("0123456789.,+-% ") == std::string_view::npos;
}

/// The share of the numbers from 1 to the count of options that are the text of some option.
double chance_of_meeting(std::span<const std::string> options) {
  std::set<int> numbers;
  for (const std::string& option : options)
    if (const std::optional<int> number = small_number(option);
        number && *number >= 1 && *number <= static_cast<int>(options.size()))
      numbers.insert(*number);
  return options.empty() ? 0 : static_cast<double>(numbers.size()) / static_cast<double>(options.size());
}

} // namespace

std::optional<int> small_number(std::string_view text) {
  if (text.ends_with(".0"))
    text.remove_suffix(2);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > 25)
    return std::nullopt;
  return number;
}

bool texts_are_apart(std::span<const AnswerCell> answers) {
  std::set<std::string_view> different;
  std::size_t given = 0, doubtful = 0;
  double answer_bytes = 0, option_bytes = 0; // of the options: the mean of each question
  for (const AnswerCell& answer : answers) {
    if (answer.text.empty() || answer.options.empty())
      continue;
    ++given;
    different.insert(answer.text);
    const std::optional<OptionName> name = parse_option_name(answer.text);
    doubtful += (name && name->letter && name->text.empty()) ||
                (is_numeric(answer.text) && !any_has_digit(answer.options)) || find_option_text(answer).has_value();
    answer_bytes += static_cast<double>(answer.text.size());
    for (const std::string& option : answer.options)
      option_bytes += static_cast<double>(option.size()) / static_cast<double>(answer.options.size());
  }
  return given > 0 && 20 * doubtful <= given && 3 * different.size() >= given && answer_bytes <= 3 * option_bytes + 20;
}

AnswerForm meaning_of_numbers(std::span<const AnswerCell> answers, const std::filesystem::path& file) {
  double expected = 0, log_chance = 0; // of meeting so few, if they are places
  std::size_t numbers = 0, met = 0, wordy = 0;
  for (const AnswerCell& answer : answers) {
    const std::optional<int> number = small_number(answer.text);
    if (!number || *number > static_cast<int>(answer.options.size()))
      continue;
    const double chance = chance_of_meeting(answer.options);
    ++numbers;
    met += find_option_text(answer).has_value();
    wordy += !any_has_digit(answer.options); // a number does not fit among words
    expected += chance;
    log_chance += std::log(std::max(1 - chance, 0.01));
  }
  const auto met_share = static_cast<double>(met);
  if (20 * wordy >= numbers || expected < 0.5)
    return AnswerForm::index_from_1;
  if (10 * met >= 9 * numbers && expected < 0.7 * met_share)
    return AnswerForm::text;
  if (4 * met_share >= expected)
    return AnswerForm::index_from_1;
  if (log_chance < std::log(kUnlikely))
    return AnswerForm::apart;
  throw InputError({file},
                   "its answers are small numbers, as its options are: they can be the options' places, or right "
                   "options that the option columns do not hold",
                   "Give --answer-base 1 (or 0) if they are places, --right-option-apart if they are right options");
}

} // namespace sciexam::inline data
