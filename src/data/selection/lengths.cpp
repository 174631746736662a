#include "data/selection/lengths.hpp"

#include "exam/ranking.hpp"

#include <string_view>

namespace sciexam::inline data {
namespace {

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char byte : text) {
    const bool space = byte == ' ' || byte == '\n';
    words += !space && !inside;
    inside = !space;
  }
  return words;
}

} // namespace

const std::string& longest_option(const Question& question) {
  return question.options[rank_by_length(question)[0]];
}

LengthMeasure measure_in_words() {
  return {"words",
          [](const Question& question) { return count_words(question.prompt) + count_words(longest_option(question)); },
          [](const Question& question) { return count_words(question.context); }};
}

LengthMeasure measure_in_tokens(const Tokenizer& tokenizer) {
  return {
      "tokens",
      [&](const Question& question) { return tokenizer.encode(question.prompt, longest_option(question)).ids.size(); },
      [&](const Question& question) {
        return tokenizer.encode(question.context, {}, {.add_special_tokens = false}).ids.size();
      }};
}

} // namespace sciexam::inline data
