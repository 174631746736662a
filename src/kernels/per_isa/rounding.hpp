// Rows of a dense layer as bf16 or as bytes, and what sums of bytes stand for.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/per_isa/functions.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

/// Pairs of bf16 from `count` floats; up to a whole vector of floats zeros follow.
inline void round_to_pairs(const float* x, std::int64_t count, std::int32_t* pairs) {
  using Halves = std::uint16_t __attribute__((vector_size(2 * kLanes)));
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Halves rounded = __builtin_convertvector(to_bf16(load_some(x + i, count - i)), Halves);
    __builtin_memcpy(pairs + i / 2, &rounded, sizeof rounded);
  }
}

constexpr std::int64_t kGroup = 4; // input features that a 32-bit element holds
/// Elements of a row, of all parts, that are multiplied at once; see kDepth.
constexpr std::int64_t kInt8Depth = kDepth / kInt8Parts * kGroup;
constexpr float kMaxInt8 = 127;

/// The absolute value of a row's largest element times its factor; NaN if there is one. The next row is prefetched: it
/// begins in another page, where CPUs do not look ahead by themselves.
inline float largest_input(const float* x, std::int64_t stride, const float* factors, std::int64_t size) {
  Vector most = zero();
  for (std::int64_t i = 0; i < size; i += kLanes) {
    _mm_prefetch(reinterpret_cast<const char*>(x + stride + i), _MM_HINT_T0);
    most = larger_magnitude(most, multiply(load_some(x + i, size - i), load_some(factors + i, size - i)));
  }
  return largest(most);
}

/// 128 + x[i] factors[i] scale, rounded, four bytes an element, which stands kInt8Parts times, each time with the bytes
/// of a part; up to a multiple of kLanes 128 follows.
inline void round_to_int8(const float* x, const float* factors, float scale, std::int64_t count,
                          std::int32_t* elements) {
  using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Vector input = multiply(load_some(x + i, count - i), load_some(factors + i, count - i)),
                 scaled = multiply(input, all(scale));
    const Bytes rounded = __builtin_convertvector(to_integers(nearest(scaled)) + 128, Bytes);
    std::int32_t groups[kLanes / kGroup];
    __builtin_memcpy(groups, &rounded, sizeof rounded);
    for (const std::int32_t group : groups) {
      if constexpr (kInt8Parts == 1) {
        *elements++ = group;
      } else {
        *elements++ = group & 0x00FF00FF;
        *elements++ = group >> 8 & 0x00FF00FF;
      }
    }
  }
}

/// What row's bytes stand for; zero, if all of it is.
inline float row_scale(const DenseRows& call, std::int64_t row) {
  return largest_input(call.x + row * call.x_stride, call.x_stride, call.int8_scales.inputs, call.in_features) /
         kMaxInt8;
}
inline float inverse(float scale) {
  return scale > 0 ? 1 / scale : 0;
}

/// What an integer sum stands for, before GELU. 128 was added to all bytes of rows: the surplus is what that added to a
/// column's sums.
inline Vector scaled_sum(const DenseRows& call, float row_scale, std::int64_t column, Integers sum) {
  const Vector scale = multiply(all(row_scale), load(call.int8_scales.outputs + column));
  return multiply_add(to_floats(sum - load_integers(call.int8_scales.surplus + column)), scale,
                      load(call.bias + column));
}

} // namespace
} // namespace sciexam::inline kernels::per_isa
