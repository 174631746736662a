// A model's dense layers with weights of one byte, as far as its answers stay the same.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "inference/batches.hpp"
#include "inference/logits.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace sciexam::inline quantization {

/// The largest share of questions whose first three guesses or their order may change.
inline constexpr double kMostOtherOrders = 0.01;

struct Int8ModelRequest {
  std::span<const EncodedQuestion> questions = {}; ///< for calibration: like those to be answered; at least one
  int threads = 1;
  bool allow_disagreement = false;
  std::function<void(const std::string&)> note = {}; ///< called with what was tried; may be empty
};

/// The tensors of the model with int8 weights (tensors_with_int8()), all in memory. Inputs are observed on some of the
/// questions; then the answers to all are compared with those of `checkpoint` as it is. Where more than
/// kMostOtherOrders differ, the layers whose outputs are furthest off stay f16: more and more of them, up to a
/// half. Throws WorkError if that is not enough and disagreement is not allowed; UsageError for a network that cannot
/// have such weights; InputError for a weight that is not a finite number. Holds the model as f32 while it observes,
/// and as f16 and int8.
std::unique_ptr<WeightSource> make_int8_model(const DebertaConfig& config, WeightSource& checkpoint,
                                              const std::string& name, const Int8ModelRequest& request);

} // namespace sciexam::inline quantization
