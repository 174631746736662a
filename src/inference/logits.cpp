#include "inference/logits.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline inference {

OptionScores softmax(const OptionLogits& logits) {
  OptionScores scores{};
  std::copy(logits.begin(), logits.end(), scores.begin());
  const double maximum = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores)
    sum += score = std::exp(score - maximum);
  for (double& score : scores)
    score /= sum;
  return scores;
}

} // namespace sciexam::inline inference
