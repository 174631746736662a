#include "ensemble/answers.hpp"

#include "support/text/numbers.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::inline ensemble {
namespace {

/// Without a positive weight the models that had time for a question have no say in a weighted mean.
bool has_say(const QuestionAnswers& answers, Combine combine) {
  return !answers.logits.empty() &&
         (combine != Combine::weighted || std::accumulate(answers.weights.begin(), answers.weights.end(), 0.0) > 0);
}

OptionScores scaled_to_one(Combine combine, const OptionScores& scores) {
  if (combine == Combine::mean_logits) {
    OptionLogits mean{};
    std::copy(scores.begin(), scores.end(), mean.begin());
    return softmax(mean);
  }
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  OptionScores probabilities{};
  std::transform(scores.begin(), scores.end(), probabilities.begin(), [&](double score) { return score / sum; });
  return probabilities;
}

/// Of a question that models with a say answered.
OptionScores probabilities_of(const QuestionAnswers& answers, std::size_t question, const Combination& combination,
                              const Question& text) {
  OptionScores probabilities =
      scaled_to_one(combination.combine, combine_scores(combination.combine, answers.logits, answers.weights, text));
  if (const std::optional<OptionScores> index = combination.index_probabilities(question))
    for (std::size_t i = 0; i < probabilities.size(); ++i)
      probabilities[i] += combination.retrieval_weight * ((*index)[i] - probabilities[i]);
  return probabilities;
}

} // namespace

QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question) {
  QuestionAnswers answers;
  for (const ModelAnswers& model : models)
    if (model.logits[question]) {
      answers.logits.push_back(*model.logits[question]);
      answers.weights.push_back(model.weight);
    }
  return answers;
}

std::optional<OptionScores> Combination::index_probabilities(std::size_t question) const {
  return retrieval_weight > 0 && !retrieval.empty() ? retrieval[question] : std::nullopt;
}

std::string describe(const Combination& combination) {
  std::string text(name_of(combination.combine));
  if (combination.retrieval_weight > 0 && !combination.retrieval.empty())
    text += " and the " + std::string(kIndexMember) + " with weight " + format_fixed(combination.retrieval_weight, 2);
  return text;
}

std::optional<OptionScores> ensemble_probabilities(std::span<const ModelAnswers> models, std::size_t question,
                                                   const Combination& combination, const Question& text) {
  const QuestionAnswers answers = answers_of(models, question);
  if (!has_say(answers, combination.combine))
    return std::nullopt;
  return probabilities_of(answers, question, combination, text);
}

std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     const Combination& combination, std::span<const Ranking> unanswered) {
  std::vector<Ranking> rankings;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const QuestionAnswers answers = answers_of(models, q);
    if (!has_say(answers, combination.combine))
      rankings.push_back(unanswered.empty() ? rank_by_length(questions[q]) : unanswered[q]);
    else if (combination.index_probabilities(q))
      rankings.push_back(with_empty_options_last(
          rank_by_scores(probabilities_of(answers, q, combination, questions[q])), questions[q]));
    else // the scores as they are: scaling may make different ones equal
      rankings.push_back(with_empty_options_last(
          combine_ranking(combination.combine, answers.logits, answers.weights, questions[q]), questions[q]));
  }
  return rankings;
}

} // namespace sciexam::inline ensemble
