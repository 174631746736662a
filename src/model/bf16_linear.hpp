// The dense layers' product in bf16 on f32 weights, for training on a CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// x weight^T + bias, differentiable; x [rows, in_features], weight [out_features, in_features], bias [out_features] or
/// undefined, all f32 on the CPU, as is the result. Both factors of the product, and of the two products of the
/// backward pass, are rounded to bf16 (to nearest, ties to even) and multiplied with sums in f32; the gradients are
/// f32. On a CPU without bf16 (see cpu_has_bf16()) the rounded factors are multiplied in f32, which differs only in the
/// order of summation. Throws InternalError with a stock LibTorch, whose autocast does this.
at::Tensor bf16_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

} // namespace sciexam::inline model
