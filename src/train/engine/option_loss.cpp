#include "train/engine/option_loss.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline train {

OptionLoss option_loss(const OptionLogits& logits, int answer, double smoothing) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits)
    sum += std::exp(logit - most);
  OptionLoss result;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double log_p = logits[i] - most - std::log(sum);
    const double target = (static_cast<int>(i) == answer ? 1 - smoothing : 0) + smoothing / kOptions;
    result.loss -= target * log_p;
    result.gradient[i] = std::exp(log_p) - target;
  }
  return result;
}

} // namespace sciexam::inline train
