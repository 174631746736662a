#include "kernels/optimizer.hpp"

#include "support/machine/x86_64_v3.hpp"

#include <algorithm>
#include <cmath>

#include <immintrin.h>

namespace sciexam::inline kernels {
namespace {

constexpr std::size_t kLanes = 8;

struct Vectors {
  __m256 beta1, rest1, beta2, rest2, epsilon, gradient_scale, step_size, root_scale, decay_before, decay_after;
};

SCIEXAM_V3 inline Vectors broadcast(const AdamWStep& step) {
  return {_mm256_set1_ps(step.beta1),      _mm256_set1_ps(step.rest1),      _mm256_set1_ps(step.beta2),
          _mm256_set1_ps(step.rest2),      _mm256_set1_ps(step.epsilon),    _mm256_set1_ps(step.gradient_scale),
          _mm256_set1_ps(step.step_size),  _mm256_set1_ps(step.root_scale), _mm256_set1_ps(step.decay_before),
          _mm256_set1_ps(step.decay_after)};
}

SCIEXAM_V3 inline void update_eight(const Vectors& k, float* parameter, const float* gradient, float* exp_avg,
                                    float* exp_avg_sq) {
  const __m256 g =
      gradient == nullptr ? _mm256_setzero_ps() : _mm256_mul_ps(_mm256_loadu_ps(gradient), k.gradient_scale);
  const __m256 m = _mm256_fmadd_ps(k.beta1, _mm256_loadu_ps(exp_avg), _mm256_mul_ps(k.rest1, g));
  const __m256 v = _mm256_fmadd_ps(k.beta2, _mm256_loadu_ps(exp_avg_sq), _mm256_mul_ps(_mm256_mul_ps(k.rest2, g), g));
  const __m256 denominator = _mm256_fmadd_ps(_mm256_sqrt_ps(v), k.root_scale, k.epsilon);
  const __m256 decayed = _mm256_mul_ps(_mm256_loadu_ps(parameter), k.decay_before);
  const __m256 stepped = _mm256_fnmadd_ps(k.step_size, _mm256_div_ps(m, denominator), decayed);
  _mm256_storeu_ps(exp_avg, m);
  _mm256_storeu_ps(exp_avg_sq, v);
  _mm256_storeu_ps(parameter, _mm256_mul_ps(stepped, k.decay_after));
}

/// The last few elements, through buffers of eight.
SCIEXAM_V3 void update_rest(const Vectors& k, std::size_t count, float* parameter, const float* gradient,
                            float* exp_avg, float* exp_avg_sq) {
  float p[kLanes] = {}, g[kLanes] = {}, m[kLanes] = {}, v[kLanes] = {};
  std::copy_n(parameter, count, p);
  std::copy_n(exp_avg, count, m);
  std::copy_n(exp_avg_sq, count, v);
  if (gradient != nullptr)
    std::copy_n(gradient, count, g);
  update_eight(k, p, g, m, v);
  std::copy_n(p, count, parameter);
  std::copy_n(m, count, exp_avg);
  std::copy_n(v, count, exp_avg_sq);
}

} // namespace

SCIEXAM_V3 void adamw_update(const AdamWStep& step, std::span<float> parameter, std::span<const float> gradient,
                             std::span<float> exp_avg, std::span<float> exp_avg_sq) {
  const Vectors k = broadcast(step);
  const std::size_t whole = parameter.size() / kLanes * kLanes;
  const auto gradient_at = [&](std::size_t i) { return gradient.empty() ? nullptr : gradient.data() + i; };
  for (std::size_t i = 0; i < whole; i += kLanes)
    update_eight(k, &parameter[i], gradient_at(i), &exp_avg[i], &exp_avg_sq[i]);
  if (whole < parameter.size())
    update_rest(k, parameter.size() - whole, parameter.data() + whole, gradient_at(whole), exp_avg.data() + whole,
                exp_avg_sq.data() + whole);
}

SCIEXAM_V3 double sum_of_squares(std::span<const float> values) {
  __m256d sum0 = _mm256_setzero_pd(), sum1 = _mm256_setzero_pd();
  const std::size_t whole = values.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    const __m256d a = _mm256_cvtps_pd(_mm_loadu_ps(&values[i])), b = _mm256_cvtps_pd(_mm_loadu_ps(&values[i + 4]));
    sum0 = _mm256_fmadd_pd(a, a, sum0);
    sum1 = _mm256_fmadd_pd(b, b, sum1);
  }
  double parts[4];
  _mm256_storeu_pd(parts, _mm256_add_pd(sum0, sum1));
  double sum = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  for (std::size_t i = whole; i < values.size(); ++i)
    sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return sum;
}

SCIEXAM_V3 void update_average(float decay, std::span<float> average, std::span<const float> value) {
  const __m256 keep = _mm256_set1_ps(decay), take = _mm256_set1_ps(1 - decay);
  const std::size_t whole = average.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes)
    _mm256_storeu_ps(&average[i], _mm256_fmadd_ps(keep, _mm256_loadu_ps(&average[i]),
                                                  _mm256_mul_ps(take, _mm256_loadu_ps(&value[i]))));
  for (std::size_t i = whole; i < average.size(); ++i)
    average[i] = std::fma(decay, average[i], (1 - decay) * value[i]);
}

} // namespace sciexam::inline kernels
