// The optimiser's loops over elements, f32, each rounded as on the CPU (kernels/optimizer.hpp), so that both have the
// same bits; and sums of squares.
#pragma once

#include "arguments.hpp"
#include "intrinsics.cuh"

using sciexam::DeviceAdamW;

DEVICE float multiply_rounded(float a, float b) {
  return __nvvm_mul_rn_f(a, b);
}

DEVICE void adamw_element(const DeviceAdamW& s, long long i) {
  const float gradient = s.gradient == nullptr ? 0.0F : s.gradient[i];
  const float g = multiply_rounded(gradient, s.gradient_scale);
  const float m = __nvvm_fma_rn_f(s.beta1, s.exp_avg[i], multiply_rounded(s.rest1, g));
  const float v = __nvvm_fma_rn_f(s.beta2, s.exp_avg_sq[i], multiply_rounded(multiply_rounded(s.rest2, g), g));
  const float denominator = __nvvm_fma_rn_f(__nvvm_sqrt_rn_f(v), s.root_scale, s.epsilon);
  const float decayed = multiply_rounded(s.parameter[i], s.decay_before);
  const float stepped = __nvvm_fma_rn_f(-s.step_size, __nvvm_div_rn_f(m, denominator), decayed);
  const float parameter = multiply_rounded(stepped, s.decay_after);
  s.exp_avg[i] = m;
  s.exp_avg_sq[i] = v;
  s.parameter[i] = parameter;
  if (s.halves != nullptr)
    s.halves[i] = static_cast<half>(parameter);
}

/// One step of AdamW, and the new numbers in f16 too.
KERNEL(256, 4) adamw(DeviceAdamW s) {
  if (const long long i = static_cast<long long>(block_x()) * 256 + thread(); i < s.count)
    adamw_element(s, i);
}

/// The same for the rows of a table. touched[row] is 1 where a row has ever had a gradient; the others' moments are 0:
/// they can only decay, and where nothing decays they stay as they are, which changes no bit.
KERNEL(256, 4) adamw_rows(DeviceAdamW s, const unsigned char* touched, int width) {
  const long long row = block_x();
  const bool moves = touched[row] != 0;
  if (!moves && s.decay_before == 1 && s.decay_after == 1)
    return;
  for (int column = thread(); column < width; column += 256) {
    const long long i = row * width + column;
    if (moves)
      adamw_element(s, i);
    else
      s.parameter[i] = multiply_rounded(multiply_rounded(s.parameter[i], s.decay_before), s.decay_after);
  }
}

/// touched[rows[i]] = 1.
KERNEL(256, 4) touch_rows(unsigned char* touched, const int* rows, int count) {
  if (const int i = block_x() * 256 + thread(); i < count)
    touched[rows[i]] = 1;
}

/// parts[block] = the sum of the squares of `count` elements' next 256 * kSquaresOfThread.
constexpr int kSquaresOfThread = 32;
KERNEL(256, 4) squares(const float* x, long long count, float* parts) {
  SHARED static float sums[8];
  const long long first = static_cast<long long>(block_x()) * 256 * kSquaresOfThread + thread();
  float sum = 0;
#pragma unroll 4
  for (int i = 0; i < kSquaresOfThread; ++i)
    if (const long long at = first + i * 256; at < count)
      sum = __builtin_fmaf(x[at], x[at], sum);
  sum = sum_over(sum);
  if (lane() == 0)
    sums[thread() / kWarp] = sum;
  block_barrier();
  if (thread() != 0)
    return;
  float total = 0;
  for (const float part : sums)
    total += part;
  parts[block_x()] = total;
}

/// average = decay * average + (1 - decay) * x.
KERNEL(256, 4) follow_average(float* average, const float* x, long long count, float decay, float rest) {
  const long long i = static_cast<long long>(block_x()) * 256 + thread();
  if (i < count)
    average[i] = __nvvm_fma_rn_f(decay, average[i], multiply_rounded(rest, x[i]));
}

KERNEL(256, 4) exchange(float* a, float* b, long long count) {
  const long long i = static_cast<long long>(block_x()) * 256 + thread();
  if (i >= count)
    return;
  const float kept = a[i];
  a[i] = b[i];
  b[i] = kept;
}

/// Adversarial perturbation: x moves by `step` times its gradient, at most by `reach` of its size; `kept` gets what it
/// was.
KERNEL(256, 4) perturb(float* x, const float* gradient, float* kept, long long count, float step, float reach) {
  const long long i = static_cast<long long>(block_x()) * 256 + thread();
  if (i >= count)
    return;
  const float before = x[i], most = multiply_rounded(__builtin_fabsf(before), reach);
  const float moved = before + multiply_rounded(gradient[i], step);
  kept[i] = before;
  x[i] = __nvvm_fmin_f(__nvvm_fmax_f(moved, before - most), before + most);
}
