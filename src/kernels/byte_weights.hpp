// Weights of one byte, made so that a dense layer's output changes as little as possible.
#pragma once

#include "kernels/workers.hpp"
#include "kernels/workspace.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sciexam {

/// What a dense layer's input looks like.
struct InputSample {
  std::vector<float> rows = {};    ///< [some, in_features]
  std::vector<float> largest = {}; ///< [in_features], of absolute values, of more rows than these
};

/// weight[o][i] is about scales[o] * bytes[o][i] * input_factors[i]; the input is multiplied with the factors instead.
struct ByteWeights {
  std::vector<std::int8_t> bytes = {};   ///< [out_features, in_features], -127 .. 127
  std::vector<float> scales = {};        ///< [out_features]
  std::vector<float> input_factors = {}; ///< [in_features]
  /// How far outputs of the sample are off: root of the mean square, as a part of that of the outputs.
  double error = 0;
};

/// Rounds weight [out_features, in_features] to bytes: each output has its scale, and inputs are smoothed (SmoothQuant,
/// arXiv:2211.10438, formula 4): divided by largest^alpha / (largest weight)^(1 - alpha), where a few inputs much
/// larger than the others would leave these no bits. alpha is that of 0.1 .. 0.9, or no smoothing, with the least error
/// on the sample, whose rows are multiplied as dense() will.
ByteWeights round_to_bytes(std::span<const float> weight, std::int64_t in_features, const InputSample& sample,
                           const Workers& workers, Workspace& workspace);

} // namespace sciexam
