#include "train/optimizer/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

namespace sciexam::inline train {
namespace {

constexpr std::int64_t kChunk = std::int64_t{1} << 16; // elements; a multiple of the kernels' width

std::span<float> elements(const at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

/// By chunks, whose sums are added in order: the same for every number of threads.
double parallel_sum_of_squares(std::span<const float> values) {
  const auto count = static_cast<std::int64_t>(values.size()), chunks = (count + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c)
      sums[static_cast<std::size_t>(c)] = sum_of_squares(values.subspan(
          static_cast<std::size_t>(c * kChunk), static_cast<std::size_t>(std::min(kChunk, count - c * kChunk))));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The same step in LibTorch's operators, for tensors that are not on the CPU.
void step_on_device(const AdamWStep& step, const at::Tensor& parameter, const at::Tensor& gradient,
                    const AdamW::Moments& moments) {
  const at::Tensor scaled = gradient * step.gradient_scale;
  parameter.mul_(step.decay_before);
  moments.exp_avg.mul_(step.beta1).add_(scaled, step.rest1);
  moments.exp_avg_sq.mul_(step.beta2).addcmul_(scaled, scaled, step.rest2);
  parameter.addcdiv_(moments.exp_avg, (moments.exp_avg_sq.sqrt() * step.root_scale).add_(step.epsilon),
                     -step.step_size);
  parameter.mul_(step.decay_after);
}

} // namespace

AdamW::AdamW(std::vector<TrainedParameter> parameters, const TrainingSettings& settings)
    : parameters_(std::move(parameters)), settings_(settings) {
  const at::NoGradGuard no_grad;
  for (const TrainedParameter& parameter : parameters_) {
    moments_.push_back({at::zeros_like(parameter.tensor), at::zeros_like(parameter.tensor)});
    if (parameter.in_rows)
      touched_.resize(static_cast<std::size_t>(parameter.tensor.size(0)));
  }
}

double AdamW::gradient_norm(const RowGradients& rows) const {
  double sum = parallel_sum_of_squares(rows.all_values());
  for (const TrainedParameter& parameter : parameters_) {
    const at::Tensor gradient = parameter.tensor.grad();
    if (!gradient.defined())
      continue;
    sum += gradient.is_cpu() && gradient.is_contiguous() ? parallel_sum_of_squares(elements(gradient))
                                                         : gradient.to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(sum);
}

AdamWStep adamw_step(const TrainingSettings& settings, const TrainedParameter& parameter, std::int64_t steps,
                     double learning_rate, double gradient_scale) {
  const double beta1 = settings.adam_beta1, beta2 = settings.adam_beta2;
  const bool decay_last = settings.optim == "adamw_hf";
  const double rate = learning_rate * parameter.learning_rate_scale;
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(steps)),
               root2 = std::sqrt(1 - std::pow(beta2, static_cast<double>(steps)));
  const double decay = 1 - rate * parameter.weight_decay;
  AdamWStep step;
  step.beta1 = static_cast<float>(beta1);
  step.beta2 = static_cast<float>(beta2);
  step.rest1 = static_cast<float>(1 - beta1);
  step.rest2 = static_cast<float>(1 - beta2);
  step.epsilon = static_cast<float>(settings.adam_epsilon);
  step.gradient_scale = static_cast<float>(gradient_scale);
  step.step_size = static_cast<float>(decay_last ? rate * root2 / correction1 : rate / correction1);
  step.root_scale = static_cast<float>(decay_last ? 1 : 1 / root2);
  step.decay_before = static_cast<float>(decay_last ? 1 : decay);
  step.decay_after = static_cast<float>(decay_last ? decay : 1);
  return step;
}

void AdamW::step(double learning_rate, double gradient_scale, const RowGradients& rows) {
  const at::NoGradGuard no_grad;
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const AdamWStep step = adamw_step(settings_, parameters_[i], steps_, learning_rate, gradient_scale);
    if (parameters_[i].in_rows)
      step_rows(i, step, rows);
    else
      step_dense(i, step);
  }
}

void AdamW::step_dense(std::size_t i, const AdamWStep& step) {
  const at::Tensor& parameter = parameters_[i].tensor;
  const at::Tensor gradient = parameter.grad();
  if (!parameter.is_cpu()) {
    step_on_device(step, parameter, gradient.defined() ? gradient : at::zeros_like(parameter), moments_[i]);
    return;
  }
  const at::Tensor plain = gradient.defined() ? gradient.contiguous() : gradient;
  const auto values = elements(parameter), first = elements(moments_[i].exp_avg),
             second = elements(moments_[i].exp_avg_sq);
  const std::span<const float> gradients = plain.defined() ? elements(plain) : std::span<float>();
  const std::int64_t count = parameter.numel(), chunks = (count + kChunk - 1) / kChunk;
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    const auto from = static_cast<std::size_t>(begin * kChunk),
               size = static_cast<std::size_t>(std::min(end * kChunk, count)) - from;
    adamw_update(step, values.subspan(from, size), gradients.empty() ? gradients : gradients.subspan(from, size),
                 first.subspan(from, size), second.subspan(from, size));
  });
}

/// Rows that never had a gradient have moments of zero: they can only decay, and where nothing decays
/// they are left alone, which changes no bit.
void AdamW::step_rows(std::size_t i, const AdamWStep& step, const RowGradients& rows) {
  const at::Tensor& table = parameters_[i].tensor;
  const bool decays = step.decay_before != 1 || step.decay_after != 1;
  const std::int64_t count = table.size(0);
  const auto width = static_cast<std::size_t>(table.size(1));
  std::vector<std::span<const float>> gradient_of(static_cast<std::size_t>(count));
  for (std::size_t r = 0; r < rows.rows().size(); ++r) {
    const auto row = static_cast<std::size_t>(rows.rows()[r]);
    gradient_of[row] = rows.values(r);
    touched_[row] = true;
  }
  const auto values = elements(table), first = elements(moments_[i].exp_avg), second = elements(moments_[i].exp_avg_sq);
  constexpr std::int64_t kRowsAtOnce = 1024;
  at::parallel_for(0, count, kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row)
      if (touched_[row] || decays)
        adamw_update(step, values.subspan(row * width, width), gradient_of[row], first.subspan(row * width, width),
                     second.subspan(row * width, width));
  });
}

void AdamW::clear_gradients() {
  for (const TrainedParameter& parameter : parameters_)
    parameter.tensor.mutable_grad() = at::Tensor();
}

void AdamW::resume(std::int64_t steps) {
  steps_ = steps;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].in_rows)
      continue;
    const auto width = static_cast<std::size_t>(parameters_[i].tensor.size(1));
    for (std::size_t row = 0; row < touched_.size(); ++row) {
      const auto is_set = [&](const at::Tensor& moment) {
        const auto part = elements(moment).subspan(row * width, width);
        return std::any_of(part.begin(), part.end(), [](float value) { return value != 0; });
      };
      touched_[row] = is_set(moments_[i].exp_avg) || is_set(moments_[i].exp_avg_sq);
    }
  }
}

} // namespace sciexam::inline train
