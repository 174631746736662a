#include "model/bf16_linear.hpp"

#include "model/mixed_precision.hpp"
#include "support/errors.hpp"

#ifndef SCIEXAM_STOCK_LIBTORCH
#include <ATen/ops/empty.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <torch/csrc/autograd/custom_function.h>
#endif

namespace sciexam::inline model {

#ifdef SCIEXAM_STOCK_LIBTORCH

at::Tensor bf16_linear(const at::Tensor&, const at::Tensor&, const at::Tensor&) {
  throw InternalError("bf16_linear was called with a stock LibTorch");
}

#else

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// A factor of multiply(): bf16 if this CPU multiplies bf16, else f32 with the same values.
at::Tensor rounded(const at::Tensor& x) {
  static const bool has_bf16 = cpu_has_bf16(); // oneDNN refuses bf16 elsewhere
  const at::Tensor narrow = x.to(at::kBFloat16);
  return has_bf16 ? narrow : narrow.to(at::kFloat);
}

dnnl::memory memory_of(const at::Tensor& x, const dnnl::engine& engine) {
  using Type = dnnl::memory::data_type;
  const Type type = x.scalar_type() == at::kBFloat16 ? Type::bf16 : Type::f32;
  return {{x.sizes().vec(), type, x.strides().vec()}, engine, x.data_ptr()};
}

/// a b in f32; a [m, k] and b [k, n] may be transposed views.
at::Tensor multiply(const at::Tensor& a, const at::Tensor& b) {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const at::Tensor product = at::empty({a.size(0), b.size(1)}, a.options().dtype(at::kFloat));
  const dnnl::memory x = memory_of(a, engine), y = memory_of(b, engine), to = memory_of(product, engine);
  dnnl::stream stream(engine);
  dnnl::matmul(dnnl::matmul::primitive_desc(engine, x.get_desc(), y.get_desc(), to.get_desc()))
      .execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, y}, {DNNL_ARG_DST, to}});
  stream.wait();
  return product;
}

class ProductFunction : public torch::autograd::Function<ProductFunction> {
public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
    context->save_for_backward({x, weight}); // unrounded: other nodes save these tensors too
    return multiply(rounded(x), rounded(weight).t());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor gradient = rounded(gradients[0].contiguous());
    return {context->needs_input_grad(0) ? multiply(gradient, rounded(saved[1])) : at::Tensor(),
            context->needs_input_grad(1) ? multiply(gradient.t(), rounded(saved[0])) : at::Tensor()};
  }
};

} // namespace

at::Tensor bf16_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor product = ProductFunction::apply(x, weight);
  return bias.defined() ? product.add_(bias) : product;
}

#endif

} // namespace sciexam::inline model
