#include "ensemble/answers.hpp"

#include <numeric>

namespace sciexam::inline ensemble {

QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question) {
  QuestionAnswers answers;
  for (const ModelAnswers& model : models)
    if (model.logits[question]) {
      answers.logits.push_back(*model.logits[question]);
      answers.weights.push_back(model.weight);
    }
  return answers;
}

std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     Combine combine, std::span<const Ranking> unanswered) {
  std::vector<Ranking> rankings;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const QuestionAnswers answers = answers_of(models, q);
    // Without a positive weight the models that had time for this question have no say in a weighted mean.
    const bool weightless =
        combine == Combine::weighted && std::accumulate(answers.weights.begin(), answers.weights.end(), 0.0) <= 0;
    rankings.push_back(
        answers.logits.empty() || weightless
            ? (unanswered.empty() ? rank_by_length(questions[q]) : unanswered[q])
            : with_empty_options_last(combine_ranking(combine, answers.logits, answers.weights), questions[q]));
  }
  return rankings;
}

} // namespace sciexam::inline ensemble
