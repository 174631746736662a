// int8 weights of a dense layer, chosen so that its output changes as little as possible.
#pragma once

#include "kernels/workers.hpp"
#include "kernels/workspace.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline kernels {

/// A sample of a dense layer's input.
struct InputSample {
  std::vector<float> rows = {};    ///< [sample, in_features]
  std::vector<float> largest = {}; ///< [in_features], maximum absolute values over more rows than these
};

/// weight[o][i] is approximately scales[o] * weights[o][i] * input_factors[i]; the factors are applied to the input.
struct Int8Weights {
  std::vector<std::int8_t> weights = {}; ///< [out_features, in_features], -127 .. 127
  std::vector<float> scales = {};        ///< [out_features]
  std::vector<float> input_factors = {}; ///< [in_features]
  /// Root mean square error of the sample's outputs, relative to the root mean square of the outputs.
  double error = 0;
};

/// Rounds weight [out_features, in_features] to int8 with one scale per output. Inputs are smoothed (SmoothQuant,
/// arXiv:2211.10438, formula 4): divided by maximum^alpha / (maximum weight)^(1 - alpha), since a few inputs much
/// larger than the rest would otherwise leave the rest too few bits. Of alpha = 0.1 .. 0.9 and no smoothing, the one
/// with the smallest error on the sample is taken; the sample's rows are multiplied as in dense().
Int8Weights round_to_int8(std::span<const float> weight, std::int64_t in_features, const InputSample& sample,
                          const Workers& workers, Workspace& workspace);

} // namespace sciexam::inline kernels
