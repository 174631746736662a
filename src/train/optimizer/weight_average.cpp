#include "train/optimizer/weight_average.hpp"

#include "kernels/optimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

namespace sciexam::inline train {

WeightAverage::WeightAverage(const std::vector<TrainedParameter>& parameters, double decay)
    : parameters_(parameters), decay_(decay) {
  const at::NoGradGuard no_grad;
  if (decay_ > 0)
    for (const TrainedParameter& parameter : parameters_)
      average_.push_back(parameter.tensor.detach().clone());
}

void WeightAverage::follow() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    const at::Tensor& weights = parameters_[i].tensor;
    const auto count = static_cast<std::size_t>(weights.numel());
    if (weights.is_cpu())
      update_average(static_cast<float>(decay_), {average_[i].mutable_data_ptr<float>(), count},
                     {weights.const_data_ptr<float>(), count});
    else
      average_[i].mul_(decay_).add_(weights, 1 - decay_);
  }
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    const at::Tensor& weights = parameters_[i].tensor;
    const at::Tensor kept = weights.clone();
    weights.copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

} // namespace sciexam::inline train
