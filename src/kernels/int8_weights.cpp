#include "kernels/int8_weights.hpp"

#include "kernels/dense.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline kernels {
namespace {

/// A layer without bias.
struct DenseWeights {
  std::span<const float> weight;
  std::int64_t in, out;

  float operator()(std::int64_t output, std::int64_t input) const {
    return weight[static_cast<std::size_t>(output * in + input)];
  }
};

std::vector<float> product(const PackedMatrix& matrix, const InputSample& sample, const Workers& workers,
                           Workspace& workspace) {
  const std::int64_t rows = static_cast<std::int64_t>(sample.rows.size()) / matrix.in_features();
  std::vector<float> y(static_cast<std::size_t>(rows * matrix.out_features()));
  dense(matrix, sample.rows.data(), rows, false, y.data(), workers, workspace);
  return y;
}

std::vector<float> largest_weights(const DenseWeights& layer) {
  std::vector<float> largest(static_cast<std::size_t>(layer.in));
  for (std::int64_t o = 0; o < layer.out; ++o)
    for (std::int64_t i = 0; i < layer.in; ++i) {
      float& most = largest[static_cast<std::size_t>(i)];
      most = std::max(most, std::abs(layer(o, i)));
    }
  return largest;
}

/// Inputs that are always zero, and those that have no weight, stay as they are.
std::vector<float> smoothing_factors(std::span<const float> inputs, std::span<const float> weights, double alpha) {
  std::vector<float> factors(inputs.size(), 1.0F);
  for (std::size_t i = 0; i < factors.size(); ++i)
    if (inputs[i] > 0 && weights[i] > 0)
      factors[i] = static_cast<float>(std::pow(static_cast<double>(weights[i]), 1 - alpha) /
                                      std::pow(static_cast<double>(inputs[i]), alpha));
  return factors;
}

Int8Weights round_with(const DenseWeights& layer, std::vector<float> factors) {
  Int8Weights rounded{.weights = std::vector<std::int8_t>(layer.weight.size()), .input_factors = std::move(factors)};
  std::vector<float> row(rounded.input_factors.size());
  for (std::int64_t o = 0; o < layer.out; ++o) {
    float largest = 0;
    for (std::int64_t i = 0; i < layer.in; ++i) {
      float& value = row[static_cast<std::size_t>(i)];
      value = layer(o, i) / rounded.input_factors[static_cast<std::size_t>(i)];
      largest = std::max(largest, std::abs(value));
    }
    const float scale = largest / 127;
    const float inverse = std::isnormal(scale) ? 1 / scale : 0; // the inverse of a smaller scale might be infinite
    rounded.scales.push_back(scale);
    std::transform(row.begin(), row.end(), rounded.weights.begin() + o * layer.in,
                   [=](float value) { return static_cast<std::int8_t>(std::nearbyint(value * inverse)); });
  }
  return rounded;
}

PackedMatrix packed(const DenseWeights& layer, const Int8Weights& rounded) {
  PackedMatrix matrix(layer.in, layer.out, StoredWeights::int8);
  matrix.place_int8(0, std::as_bytes(std::span(rounded.weights)));
  std::copy(rounded.scales.begin(), rounded.scales.end(), matrix.int8_scales());
  std::copy(rounded.input_factors.begin(), rounded.input_factors.end(), matrix.input_factors());
  matrix.complete();
  return matrix;
}

double relative_error(const std::vector<float>& y, const std::vector<float>& right) {
  double errors = 0, squares = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double off = static_cast<double>(y[i]) - static_cast<double>(right[i]);
    errors += off * off;
    squares += static_cast<double>(right[i]) * static_cast<double>(right[i]);
  }
  return squares > 0 ? std::sqrt(errors / squares) : 0;
}

} // namespace

Int8Weights round_to_int8(std::span<const float> weight, std::int64_t in_features, const InputSample& sample,
                          const Workers& workers, Workspace& workspace) {
  const DenseWeights layer{weight, in_features, static_cast<std::int64_t>(weight.size()) / in_features};
  PackedMatrix exact(layer.in, layer.out, StoredWeights::f32);
  exact.place(0, weight);
  const std::vector<float> right = product(exact, sample, workers, workspace), weights = largest_weights(layer);
  const auto rounded_with = [&](std::vector<float> factors) {
    Int8Weights rounded = round_with(layer, std::move(factors));
    rounded.error = relative_error(product(packed(layer, rounded), sample, workers, workspace), right);
    return rounded;
  };
  Int8Weights best = rounded_with(std::vector<float>(static_cast<std::size_t>(in_features), 1.0F));
  for (int tenths = 1; tenths <= 9; ++tenths) {
    Int8Weights tried = rounded_with(smoothing_factors(sample.largest, weights, tenths / 10.0));
    if (tried.error < best.error)
      best = std::move(tried);
  }
  return best;
}

} // namespace sciexam::inline kernels
