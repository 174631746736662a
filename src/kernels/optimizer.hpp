// The optimiser's loops over elements: one pass through memory each, the same
// bits on every CPU (x86-64-v3) and for every number of threads.
#pragma once

#include <cstddef>
#include <span>

namespace sciexam::inline kernels {

/// One step of AdamW (Loshchilov and Hutter 2019), the same for all elements of a tensor:
///   parameter *= decay_before
///   m = beta1 m + rest1 g;  v = beta2 v + rest2 g^2;  g = gradient_scale * gradient
///   parameter -= step_size * m / (sqrt(v) * root_scale + epsilon)
///   parameter *= decay_after
struct AdamWStep {
  float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;
  float rest1 = 0.1F, rest2 = 0.001F; ///< 1 - beta, rounded once: 1 - 0.999F would have a relative error of 5e-5
  float gradient_scale = 1, step_size = 0, root_scale = 1;
  float decay_before = 1, decay_after = 1;
};

/// All spans have the same size; an empty `gradient` stands for zeros.
void adamw_update(const AdamWStep& step, std::span<float> parameter, std::span<const float> gradient,
                  std::span<float> exp_avg, std::span<float> exp_avg_sq);

/// The sum of the squares, in double.
double sum_of_squares(std::span<const float> values);

/// average = decay * average + (1 - decay) * value.
void update_average(float decay, std::span<float> average, std::span<const float> value);

} // namespace sciexam::inline kernels
