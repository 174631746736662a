// The product of dense layers for answering: a token's result does not depend on the tokens in the same batch.
#pragma once

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// True if row_product() takes these: f32 on the CPU, no gradients, and the static LibTorch. (Training, whose batches
/// are small, spreads one product over all threads instead.)
bool has_row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// x weight^T + bias; x [rows, in_features], weight [out_features, in_features], bias [out_features] or undefined.
/// A BLAS takes different paths for different numbers of rows, so the last bits of a row change with its batch; after
/// 24 layers that is some 1e-6 of a logit. Here, for a given number of threads, every product has the same number of
/// rows (the last one is padded).
at::Tensor row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

} // namespace sciexam::inline model
