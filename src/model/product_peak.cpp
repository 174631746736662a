#include "model/product_peak.hpp"

#include "kernels/isa.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#ifndef SCIEXAM_STOCK_LIBTORCH
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace sciexam::inline model {

#ifdef SCIEXAM_STOCK_LIBTORCH

double product_operations_per_second(Factors) {
  return 0;
}

#else

namespace {

using Type = dnnl::memory::data_type;

/// Types of x, weight and y.
struct ProductTypes {
  Type x, weight, y;
};

ProductTypes types_of(Factors factors) {
  switch (factors) {
  case Factors::bf16:
    return {Type::bf16, Type::bf16, Type::f32};
  case Factors::int8:
    return {Type::u8, Type::s8, Type::s32};
  default:
    return {Type::f32, Type::f32, Type::f32};
  }
}

bool has_instruction(Factors factors) {
  return factors == Factors::f32 || chosen_isa() >= (factors == Factors::bf16 ? Isa::avx512_bf16 : Isa::avx512_vnni);
}

double best_of_three(Factors factors) {
  constexpr dnnl::memory::dim kSize = 4096;
  constexpr int kTries = 3;
  const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(cpu);
  const auto matrix = [&](Type type, const dnnl::memory::dims& strides) {
    const dnnl::memory::desc shape({kSize, kSize}, type, strides);
    dnnl::memory memory(shape, cpu);
    std::fill_n(static_cast<std::byte*>(memory.get_data_handle()), shape.get_size(),
                std::byte{0x3F}); // 0.75 as floats, 63 as int8
    return memory;
  };
  const ProductTypes types = types_of(factors);
  // A layer's: x and y by rows, the weight [out, in] transposed.
  const dnnl::memory x = matrix(types.x, {kSize, 1}), weight = matrix(types.weight, {1, kSize}),
                     y = matrix(types.y, {kSize, 1});
  const dnnl::matmul product(dnnl::matmul::primitive_desc(cpu, x.get_desc(), weight.get_desc(), y.get_desc()));
  double best = 0;
  Stopwatch stopwatch;
  for (int i = 0; i < kTries; ++i) {
    product.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, y}});
    stream.wait();
    best = std::max(best, 2.0 * kSize * kSize * kSize / stopwatch.lap());
  }
  return best;
}

} // namespace

double product_operations_per_second(Factors factors) {
  if (!has_instruction(factors))
    return 0;
  try {
    return best_of_three(factors);
  } catch (const dnnl::error& error) {
    throw InternalError("oneDNN refused a product of 4096 x 4096 x 4096: " + std::string(error.what()));
  }
}

#endif

} // namespace sciexam::inline model
