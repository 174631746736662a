// What disentangled attention needs to know besides its tensors.
#pragma once

#include "checkpoint/config.hpp"
#include "kernels/dropout_mask.hpp"
#include "support/machine/shared_stop.hpp"

#include <cstdint>
#include <optional>

namespace sciexam::inline model {

struct AttentionOptions {
  std::int64_t num_attention_heads = 1;
  double scale = 1; ///< of the scores: 1 / sqrt(head_dim * (1 + terms)), terms = elements of pos_att_type
  double dropout_probability = 0;
  std::optional<RandomStream> dropout = std::nullopt; ///< of the probabilities; nothing: no dropout
  /// If not null: once it is true, the forward pass without gradients ends early, and its result must not be used.
  const SharedStop* stop = nullptr;
};

/// The options of a configuration, without dropout.
inline AttentionOptions attention_options(const DebertaConfig& config) {
  return {.num_attention_heads = config.num_attention_heads, .scale = config.attention_scale()};
}

} // namespace sciexam::inline model
