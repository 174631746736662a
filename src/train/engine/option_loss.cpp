#include "train/engine/option_loss.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sciexam::inline train {
namespace {

using Values = std::array<double, kOptions>;

/// Of logits / temperature.
Values log_softmax(const OptionLogits& logits, double temperature) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits)
    sum += std::exp((logit - most) / temperature);
  Values values{};
  std::transform(logits.begin(), logits.end(), values.begin(),
                 [&](float logit) { return (logit - most) / temperature - std::log(sum); });
  return values;
}

double mean_of(const OptionLogits& logits) {
  return std::accumulate(logits.begin(), logits.end(), 0.0) / kOptions;
}

void add(OptionLoss& to, const OptionLoss& part, double weight) {
  to.loss += weight * part.loss;
  for (std::size_t i = 0; i < kOptions; ++i)
    to.gradient[i] += weight * part.gradient[i];
}

} // namespace

OptionLoss option_loss(const OptionLogits& logits, int answer, double smoothing) {
  OptionLoss result;
  const Values log_p = log_softmax(logits, 1);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double target = (static_cast<int>(i) == answer ? 1 - smoothing : 0) + smoothing / kOptions;
    result.loss -= target * log_p[i];
    result.gradient[i] = std::exp(log_p[i]) - target;
  }
  return result;
}

OptionLoss teacher_loss(const OptionLogits& logits, const OptionLogits& teacher, double alpha, double temperature,
                        double logit_weight) {
  OptionLoss result;
  const Values log_p = log_softmax(teacher, temperature), log_q = log_softmax(logits, temperature);
  const double own_mean = mean_of(logits), teacher_mean = mean_of(teacher);
  for (std::size_t i = 0; i < kOptions; ++i) {
    const double p = std::exp(log_p[i]), apart = (logits[i] - own_mean) - (teacher[i] - teacher_mean);
    result.loss +=
        alpha * temperature * temperature * p * (log_p[i] - log_q[i]) + logit_weight * apart * apart / kOptions;
    result.gradient[i] = alpha * temperature * (std::exp(log_q[i]) - p) + logit_weight * 2 * apart / kOptions;
  }
  return result;
}

OptionLoss question_loss(const OptionLogits& logits, std::optional<int> answer, const OptionLogits* teacher,
                         const TrainingSettings& settings) {
  OptionLoss result;
  double alpha = teacher == nullptr ? 0 : settings.distillation_alpha;
  if (answer && alpha < 1)
    add(result, option_loss(logits, *answer, settings.label_smoothing_factor), 1 - alpha);
  if (!answer && alpha > 0)
    alpha = 1;
  if (teacher != nullptr)
    add(result,
        teacher_loss(logits, *teacher, alpha, settings.distillation_temperature, settings.distillation_logit_weight),
        1);
  return result;
}

} // namespace sciexam::inline train
