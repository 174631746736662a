#include "train/loop/loss_watch.hpp"

#include "support/text/numbers.hpp"

#include <cmath>

namespace sciexam::inline train {

std::optional<std::string> LossWatch::observe(double loss, double learning_rate) {
  average_ = average_ == 0 ? loss : kMemory * average_ + (1 - kMemory) * loss;
  pinned_steps_ = std::abs(average_ - kGuessing) < kNear ? pinned_steps_ + 1 : 0;
  if (pinned_steps_ != patience_)
    return std::nullopt;
  return printed(
      "the loss has been at %.3f = ln 5, that of pure guessing, for %lld steps (average %.4f, learning rate "
      "now %.3g): nothing is learnt. If it stays that way, start again with a lower --learning-rate (5e-6 works for "
      "DeBERTa-v3-large where 2e-5 fails), a longer --warmup-ratio, or another --seed",
      kGuessing, static_cast<long long>(patience_), average_, learning_rate);
}

} // namespace sciexam::inline train
