// The moving average of weights that is validated and kept instead of the weights themselves.
#pragma once

#include "train/optimizer/trained_parameters.hpp"

#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline train {

/// average = decay * average + (1 - decay) * weights after every step; decay 0: no average is kept.
class WeightAverage {
public:
  /// Starts at the present weights of `parameters`, which outlive it.
  WeightAverage(const std::vector<TrainedParameter>& parameters, double decay);

  /// Takes in the present weights.
  void follow();
  /// Exchanges the weights with their average: before and after a validation or a checkpoint.
  void swap();
  /// Of every parameter, of its shape; empty if none is kept.
  const std::vector<at::Tensor>& tensors() const noexcept { return average_; }

private:
  const std::vector<TrainedParameter>& parameters_;
  double decay_;
  std::vector<at::Tensor> average_;
};

} // namespace sciexam::inline train
