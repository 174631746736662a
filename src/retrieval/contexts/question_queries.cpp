#include "retrieval/contexts/question_queries.hpp"

#include <algorithm>
#include <map>

namespace sciexam::inline retrieval {
namespace {

/// Words that are analysed for queries are few: a small table, so that one more analyser costs nothing.
constexpr std::size_t kQueryWords = std::size_t{1} << 12;

} // namespace

std::string_view name_of(QueryForm form) {
  if (form == QueryForm::prompt)
    return "prompt";
  return form == QueryForm::all_options ? "all-options" : "each-option";
}

QuestionQueries::QuestionQueries(const AnalyserSettings& settings)
    : analyser_(settings, kQueryWords), asking_(analyser_.terms(kQuestionWords)) {}

Query QuestionQueries::whole(std::string_view text) {
  std::map<std::string, std::uint32_t> terms;
  analyser_.terms(text, [&](const Term& term) { ++terms[std::string(term.text)]; });
  Query query;
  for (const auto& [term, weight] : terms)
    query.push_back({term, weight});
  return query;
}

Query QuestionQueries::shortened(Query query) const {
  const auto asks = [&](const QueryTerm& term) {
    return std::find(asking_.begin(), asking_.end(), term.term) != asking_.end();
  };
  for (QueryTerm& term : query)
    term.weight = std::min(term.weight, kMostWeight);
  if (!std::all_of(query.begin(), query.end(), asks))
    std::erase_if(query, asks);
  return query;
}

Query QuestionQueries::of_text(std::string_view text) {
  return shortened(whole(text));
}

std::vector<Query> QuestionQueries::of_question(const Question& question, QueryForm form) {
  if (form == QueryForm::all_options) {
    std::string text = question.prompt;
    for (const std::string& option : question.options)
      text += "\n" + option;
    return {of_text(text)};
  }
  std::vector<Query> queries = {of_text(question.prompt)};
  if (form == QueryForm::each_option)
    for (Query& query : of_options(question))
      queries.push_back(shortened(std::move(query)));
  return queries;
}

std::vector<Query> QuestionQueries::of_options(const Question& question) {
  std::vector<Query> queries;
  for (const std::string& option : question.options)
    queries.push_back(whole(question.prompt + "\n" + option));
  return queries;
}

} // namespace sciexam::inline retrieval
