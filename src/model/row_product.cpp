#include "model/row_product.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <new>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#ifndef SCIEXAM_STOCK_LIBTORCH
#include <oneapi/dnnl/dnnl.h>
#endif

namespace sciexam::inline model {

#ifdef SCIEXAM_STOCK_LIBTORCH

bool has_row_product(const at::Tensor&, const at::Tensor&, const at::Tensor&) {
  return false;
}

at::Tensor row_product(const at::Tensor&, const at::Tensor&, const at::Tensor&) {
  throw InternalError("row_product was called with a stock LibTorch");
}

#else

namespace {

/// Rows of each product: enough to make packing the weights a small part of it.
std::int64_t rows_of_product(int threads) {
  // Multiples of 48, so that no kernel (tiles are 6 to 48 rows high) has rows left over, which would take another path.
  // A batch of kTokenBudget tokens makes eight of the large ones.
  constexpr std::int64_t kLarge = 528, kSmall = 144;
  constexpr int kFewThreads = 8;
  return threads <= kFewThreads ? kLarge : kSmall;
}

struct Shape {
  std::int64_t rows, in, out;
};

void multiply(const Shape& shape, const float* x, const float* weight, float* result) {
  const dnnl_status_t status =
      dnnl_sgemm('N', 'T', shape.rows, shape.out, shape.in, 1, x, shape.in, weight, shape.in, 0, result, shape.out);
  // It implements all products of floats; these three mean that there was no memory, the last two for the code that it
  // writes (gemm_info_t::hasKernels, get_xbyak_gemm).
  if (status == dnnl_out_of_memory || status == dnnl_unimplemented || status == dnnl_runtime_error)
    throw std::bad_alloc();
  if (status != dnnl_success)
    throw InternalError("oneDNN refused a product of " + std::to_string(shape.rows) + " x " + std::to_string(shape.in) +
                        " x " + std::to_string(shape.out));
}

void add_bias(const at::Tensor& bias, float* result, std::int64_t rows, std::int64_t out) {
  if (!bias.defined())
    return;
  const float* add = bias.const_data_ptr<float>();
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < out; ++i)
      result[row * out + i] += add[i];
}

} // namespace

bool has_row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto fits = [](const at::Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && !tensor.requires_grad();
  };
  return !at::GradMode::is_enabled() && fits(x) && fits(weight) && (!bias.defined() || fits(bias)) && x.dim() == 2 &&
         x.size(0) > 0;
}

at::Tensor row_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor from = x.contiguous(), by = weight.contiguous();
  const std::int64_t rows = x.size(0), at_once = rows_of_product(at::get_num_threads());
  const Shape shape{at_once, x.size(1), weight.size(0)};
  at::Tensor result = at::empty({rows, shape.out}, x.options());
  const float *in = from.const_data_ptr<float>(), *weights = by.const_data_ptr<float>();
  float* out = result.mutable_data_ptr<float>();
  const std::int64_t parts = (rows + at_once - 1) / at_once;
  // At least two tasks, so that oneDNN always runs inside one of several threads and stays on it.
  at::parallel_for(0, std::max<std::int64_t>(2, parts), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < std::min(end, parts); ++part) {
      const std::int64_t first = part * at_once, count = std::min(at_once, rows - first);
      float* to = out + first * shape.out;
      if (count == at_once) {
        multiply(shape, in + first * shape.in, weights, to);
      } else { // padded with zeros
        std::vector<float> padded(static_cast<std::size_t>(at_once * shape.in)),
            product(static_cast<std::size_t>(at_once * shape.out));
        std::copy_n(in + first * shape.in, count * shape.in, padded.begin());
        multiply(shape, padded.data(), weights, product.data());
        std::copy_n(product.begin(), count * shape.out, to);
      }
      add_bias(bias, to, count, shape.out);
    }
  });
  return result;
}

#endif

} // namespace sciexam::inline model
