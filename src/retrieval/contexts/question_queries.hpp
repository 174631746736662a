// Texts and questions -> queries. One object a thread.
#pragma once

#include "exam/question.hpp"
#include "retrieval/search/query.hpp"
#include "retrieval/text/analyser.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// What of a question is looked for. all_options: one query of the prompt and all options; each_option: one query of
/// the prompt and each option, and one of the prompt alone, whose hits are fused.
enum class QueryForm { prompt, all_options, each_option };

/// "prompt", "all-options" or "each-option".
std::string_view name_of(QueryForm form);

/// What asks or requests, and says nothing of what is asked for. Without these, and with no term counted more than
/// kMostWeight times, as long questions repeat words, more is found: docs/retrieval_peers.md.
inline constexpr std::string_view kQuestionWords =
    "what which who whom whose when where why how does do did "
    "please give given information details references method technique use";
inline constexpr std::uint32_t kMostWeight = 2;

class QuestionQueries {
public:
  explicit QuestionQueries(const AnalyserSettings& settings);

  /// Of one text, such as a user's query. A text of nothing but question words is looked for as it is.
  Query of_text(std::string_view text);
  /// One, or of each_option six, the prompt's first.
  std::vector<Query> of_question(const Question& question, QueryForm form);
  /// Of the prompt and each option, for rank_by_hits(): every word as often as they have it. There a repetition and a
  /// question word tell options apart: without them its MAP@3 is 0.676, not 0.690.
  std::vector<Query> of_options(const Question& question);

private:
  Query whole(std::string_view text);
  Query shortened(Query query) const;

  Analyser analyser_;
  std::vector<std::string> asking_; // terms of kQuestionWords
};

} // namespace sciexam::inline retrieval
