// The loss of one question and its gradient, in double.
#pragma once

#include "inference/logits.hpp"
#include "train/manifest/settings.hpp"

#include <array>
#include <optional>

namespace sciexam::inline train {

struct OptionLoss {
  double loss = 0;
  std::array<double, kOptions> gradient = {}; ///< of the logits
};

/// Cross-entropy; `smoothing` spreads that part of the target evenly over the options (Szegedy et al. 2016).
OptionLoss option_loss(const OptionLogits& logits, int answer, double smoothing);

/// What a student learns of its teacher, p = softmax(teacher / T) and q = softmax(logits / T), T the temperature:
///
///     alpha * T^2 * KL(p || q) + logit_weight * mean over options of (l - t)^2
///
/// (Hinton, Vinyals and Dean 2015, section 2.1: T^2 keeps the size of the gradient). l and t are logits less their mean
/// over the options, since softmax does not see what is added to all of them.
OptionLoss teacher_loss(const OptionLogits& logits, const OptionLogits& teacher, double alpha, double temperature,
                        double logit_weight);

/// The loss of a question as the settings say: where it has an answer, (1 - distillation_alpha) of its cross-entropy
/// and the teacher's part; without an answer the teacher's part alone, with alpha 1 (0 if that is the setting's).
OptionLoss question_loss(const OptionLogits& logits, std::optional<int> answer, const OptionLogits* teacher,
                         const TrainingSettings& settings);

} // namespace sciexam::inline train
