// The dense layers' product for answering, in which a token's result does not
// depend on the tokens beside it.
#pragma once

#include <ATen/core/Tensor.h>

namespace sciexam {

/// True if row_product() takes these: f32 on the CPU, none of them trained, gradients disabled, and the static
/// LibTorch. (Training, whose batches are small, spreads one product over all threads instead.)
bool has_row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// x weight^T + bias; x [rows, in_features], weight [out_features, in_features], bias [out_features] or undefined.
/// A BLAS takes other paths for other numbers of rows, so that the last bits of a row change with the batch that it
/// stands in; after 24 layers these are some 1e-6 of a logit. Here every product has the same number of rows
/// (the last one is filled up), for a given number of threads.
at::Tensor row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

} // namespace sciexam
