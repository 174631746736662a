#include "exam/metrics.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"

namespace sciexam::inline exam {
namespace {

/// The mean of score(ranking, answer) over the questions with an answer.
double mean_score(std::span<const Ranking> rankings, std::span<const Question> questions,
                  double (*score)(const Ranking&, int)) {
  if (rankings.size() != questions.size())
    throw InternalError(counted(rankings.size(), "ranking") + " for " + counted(questions.size(), "question"));
  double sum = 0;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!questions[i].answer)
      continue;
    sum += score(rankings[i], *questions[i].answer);
    ++answered;
  }
  if (answered == 0)
    throw InternalError("scores were requested, but no question has an answer");
  return sum / static_cast<double>(answered);
}

} // namespace

double average_precision_at_3(const Ranking& ranking, int answer) {
  for (int rank = 0; rank < 3; ++rank)
    if (ranking[static_cast<std::size_t>(rank)] == answer)
      return 1.0 / (rank + 1);
  return 0.0;
}

double map_at_3(std::span<const Ranking> rankings, std::span<const Question> questions) {
  return mean_score(rankings, questions, average_precision_at_3);
}

double accuracy(std::span<const Ranking> rankings, std::span<const Question> questions) {
  return mean_score(rankings, questions,
                    [](const Ranking& ranking, int answer) { return ranking[0] == answer ? 1.0 : 0.0; });
}

} // namespace sciexam::inline exam
