#include "tokenizer/text_normalizer.hpp"

#include "support/text/utf8.hpp"
#include "tokenizer/code_points.hpp"
#include "tokenizer/grapheme.hpp"

#include <algorithm>
#include <cstddef>

namespace sciexam::inline tokenizer {
namespace {

/// A regular expression for runs of white space.
struct RunExpression {
  std::string_view pattern;
  bool any_white_space; ///< White_Space, else U+0020 alone
  std::size_t least;    ///< characters of a run
  bool or_line_break;   ///< also a single tab, line feed or carriage return
};
constexpr RunExpression kRunExpressions[] = {{" {2,}", false, 2, false},
                                             {" +", false, 1, false},
                                             {R"(\s{2,}|[\n\r\t])", true, 2, true},
                                             {R"(\s{2,})", true, 2, false},
                                             {R"(\s+)", true, 1, false}};

const RunExpression* find_expression(std::string_view pattern) {
  const auto* found = std::ranges::find(kRunExpressions, pattern, &RunExpression::pattern);
  return found == std::ranges::end(kRunExpressions) ? nullptr : found;
}

/// Bytes of the white space that stands at text[at], or 0.
std::size_t white_space_length(std::string_view text, std::size_t at, bool any) {
  const char first = text[at];
  if (first == ' ')
    return 1;
  const auto byte = static_cast<unsigned char>(first);
  const bool may_begin = (byte >= 0x9 && byte <= 0xD) || byte == 0xC2 || (byte >= 0xE1 && byte <= 0xE3);
  if (!any || !may_begin)
    return 0;
  const Utf8Character character = decode_utf8(text, at);
  return is_white_space(character.code_point) ? static_cast<std::size_t>(character.length) : 0;
}

std::string replace_runs(std::string_view text, const RunExpression& expression, std::string_view content) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i, characters = 0;
    for (std::size_t length = 0;
         end < text.size() && (length = white_space_length(text, end, expression.any_white_space)) > 0; end += length)
      ++characters;
    if (characters == 0) {
      result += text[i++];
      continue;
    }
    const bool is_line_break = text[i] == '\n' || text[i] == '\r' || text[i] == '\t';
    if (characters >= expression.least || (expression.or_line_break && is_line_break))
      result += content;
    else
      result += text.substr(i, end - i);
    i = end;
  }
  return result;
}

std::string replace_text(std::string_view text, std::string_view pattern, std::string_view content) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at; (at = text.find(pattern)) != std::string_view::npos;) {
    result += text.substr(0, at);
    result += content;
    text.remove_prefix(at + pattern.size());
  }
  result += text;
  return result;
}

std::string_view strip(std::string_view text, const Strip& ends) {
  while (ends.left && !text.empty()) {
    const Utf8Character first = decode_utf8(text, 0);
    if (!is_white_space(first.code_point))
      break;
    text.remove_prefix(static_cast<std::size_t>(first.length));
  }
  while (ends.right && !text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
      --start;
    if (!is_white_space(decode_utf8(text, start).code_point))
      break;
    text = text.substr(0, start);
  }
  return text;
}

// The rule of tokenizers' normalizers/precompiled.rs: a cluster of less than 6
// bytes is looked up whole first, and then what follows the key that was found
// is lost (the accent of a combination that the map does not have, say).
void append_mapped(const CharacterMap& map, std::string_view cluster, std::string& result) {
  constexpr std::size_t kWholeBelow = 6;
  if (cluster.size() < kWholeBelow)
    if (const auto replacement = map.find(cluster)) {
      result += *replacement;
      return;
    }
  while (!cluster.empty()) {
    const std::string_view character = cluster.substr(0, static_cast<std::size_t>(decode_utf8(cluster, 0).length));
    result += map.find(character).value_or(character);
    cluster.remove_prefix(character.size());
  }
}

std::string apply_step(const Strip& step, std::string_view text) {
  return std::string(strip(text, step));
}
std::string apply_step(const Replace& step, std::string_view text) {
  const RunExpression* expression = step.is_expression ? find_expression(step.pattern) : nullptr;
  return expression != nullptr ? replace_runs(text, *expression, step.content)
                               : replace_text(text, step.pattern, step.content);
}
std::string apply_step(const Compose& step, std::string_view text) {
  return compose(text, step.compatibility);
}
std::string apply_step(const LowerCase&, std::string_view text) {
  return lower_case(text);
}
std::string apply_step(const CharacterMap& map, std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = grapheme_cluster_length(text);
    append_mapped(map, text.substr(0, length), result);
    text.remove_prefix(length);
  }
  return result;
}

} // namespace

bool is_known_expression(std::string_view pattern) {
  return find_expression(pattern) != nullptr;
}

std::string TextNormalizer::normalize(std::string_view text) const {
  std::string result(text);
  for (const NormalizerStep& step : steps_)
    result = std::visit([&](const auto& s) { return apply_step(s, result); }, step);
  return result;
}

std::vector<NormalizerStep> sentencepiece_steps(CharacterMap map) {
  std::vector<NormalizerStep> steps;
  steps.reserve(2); // GCC 12 sees a write beyond the end where it grows
  steps.emplace_back(Strip{});
  if (!map.empty())
    steps.emplace_back(std::move(map));
  steps.emplace_back(Replace{.pattern = " {2,}", .is_expression = true, .content = " "});
  return steps;
}

} // namespace sciexam::inline tokenizer
