#include "data/forms/answer_words.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

namespace sciexam::inline data {
namespace {

constexpr std::string_view kWords[] = {"alternative", "ans",    "answer", "boxed", "choice", "correct", "is",
                                       "key",         "letter", "number", "opt",   "option", "right",   "the"};
constexpr std::string_view kWhiteSpace = " \t\n";
constexpr std::string_view kBefore = " \t\n_:=-#.([{*\"'`$\\"; // between words, and before the letter
constexpr std::string_view kAfter = " \t\n)]}*\"'`.,:;$-";     // after the letter

bool is_ascii_letter(char byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// A byte that continues a word: letters and digits, and all that is not ASCII.
bool goes_on(char byte) {
  return is_ascii_letter(byte) || is_digit(byte) || (byte & 0x80) != 0;
}

bool is_word(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char byte) { return static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte); });
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

/// Removes one of kWords; false if there is none. "optionC", with one more letter, leaves the letter.
bool take_word(std::string_view& text) {
  const auto length =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_ascii_letter) - text.begin());
  std::size_t word = length;
  if (!is_word(text.substr(0, word)) && length == text.size() && length > 1)
    --word;
  if (word < 2 || !is_word(text.substr(0, word)))
    return false;
  text.remove_prefix(word);
  return true;
}

void skip_any(std::string_view& text, std::string_view characters) {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

/// Removes a letter or a number of at most two digits.
bool take_name(std::string_view& text, OptionName& name) {
  std::size_t length = 1;
  if (text.empty())
    return false;
  if (is_ascii_letter(text.front())) {
    name.letter = (text.front() | 0x20) - 'a';
  } else {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length > 2 || !is_digit(text.front()))
      return false;
    name.number = number;
  }
  text.remove_prefix(length);
  return text.empty() || !goes_on(text.front());
}

} // namespace

std::optional<OptionName> parse_option_name(std::string_view answer) {
  OptionName name;
  skip_any(answer, kBefore);
  while (take_word(answer)) {
    name.has_word = true;
    skip_any(answer, kBefore);
  }
  if (!take_name(answer, name))
    return std::nullopt;
  if (answer.size() > 1 && answer.front() == '.' && is_digit(answer[1])) // "3.5"
    return std::nullopt;
  const std::size_t next = answer.find_first_not_of(kWhiteSpace);
  const bool marked = next == std::string_view::npos || kAfter.find(answer[next]) != std::string_view::npos;
  if (!marked && !name.has_word) // "A cat", "A & B"
    return std::nullopt;
  skip_any(answer, kAfter);
  name.text = answer;
  return name;
}

} // namespace sciexam::inline data
