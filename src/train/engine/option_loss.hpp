// The loss of one question and its gradient, in double.
#pragma once

#include "inference/logits.hpp"

#include <array>

namespace sciexam::inline train {

struct OptionLoss {
  double loss = 0;
  std::array<double, kOptions> gradient = {}; ///< of the logits
};

/// Cross-entropy; `smoothing` spreads that part of the target evenly over the options (Szegedy et al. 2016).
OptionLoss option_loss(const OptionLogits& logits, int answer, double smoothing);

} // namespace sciexam::inline train
