#include "checkpoint/weight_source.hpp"

#include "support/errors.hpp"
#include "support/machine/x86_64_v3.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <cstring>

#include <immintrin.h>

namespace sciexam::inline checkpoint {
namespace {

constexpr std::size_t kLanes = 8;

SCIEXAM_V3 void eight_f16_to_f32(const std::byte* in, float* out) {
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  _mm256_storeu_ps(out, _mm256_cvtph_ps(halves));
}

SCIEXAM_V3 void eight_bf16_to_f32(const std::byte* in, float* out) {
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  const __m256i bits = _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bits);
}

SCIEXAM_V3 void eight_f32_to_f16(const float* in, std::byte* out) {
  const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), halves);
}

SCIEXAM_V3 void eight_f32_to_bf16(const float* in, std::byte* out) {
  const __m256 values = _mm256_loadu_ps(in);
  const __m256i bits = _mm256_castps_si256(values);
  // Half of the last kept place is added, less one if that place is even: ties go to even.
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded =
      _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd), 16);
  // A NaN keeps its sign and upper bits and becomes quiet; rounding could make it infinite.
  const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  const __m256i result = _mm256_blendv_epi8(rounded, quiet, is_nan);
  const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), halves);
}

/// convert_eight over all elements; the last few go through a buffer of eight.
/// It has the attribute too, else convert_eight could not be inlined.
template <typename In, typename Out, void (*convert_eight)(const In*, Out*)>
SCIEXAM_V3 void convert_16_bit(const In* in, Out* out, std::size_t count) {
  constexpr std::size_t in_step = std::is_same_v<In, std::byte> ? 2 : 1;
  constexpr std::size_t out_step = std::is_same_v<Out, std::byte> ? 2 : 1;
  const std::size_t whole = count / kLanes * kLanes, rest = count - whole;
  for (std::size_t i = 0; i < whole; i += kLanes)
    convert_eight(in + i * in_step, out + i * out_step);
  if (rest == 0)
    return;
  In last_in[kLanes * in_step] = {};
  Out last_out[kLanes * out_step];
  std::copy_n(in + whole * in_step, rest * in_step, last_in);
  convert_eight(last_in, last_out);
  std::copy_n(last_out, rest * out_step, out + whole * out_step);
}

void f64_to_f32(const std::byte* in, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    double value;
    std::memcpy(&value, in + i * sizeof value, sizeof value);
    out[i] = static_cast<float>(value);
  }
}

void require_sizes(DType dtype, std::size_t bytes, std::size_t elements) {
  if (bytes / size_of(dtype) != elements || bytes % size_of(dtype) != 0)
    throw InternalError("conversion of " + counted(elements, "element") + " of " + std::string(name_of(dtype)) +
                        " in " + counted(bytes, "byte"));
}

} // namespace

std::size_t size_of(DType dtype) {
  switch (dtype) {
  case DType::f64:
  case DType::i64:
    return 8;
  case DType::f32:
  case DType::i32:
    return 4;
  case DType::f16:
  case DType::bf16:
  case DType::i16:
    return 2;
  case DType::i8:
  case DType::u8:
  case DType::boolean:
    return 1;
  }
  throw InternalError("an unknown element type");
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return "F32";
  case DType::f16:
    return "F16";
  case DType::bf16:
    return "BF16";
  case DType::f64:
    return "F64";
  case DType::i64:
    return "I64";
  case DType::i32:
    return "I32";
  case DType::i16:
    return "I16";
  case DType::i8:
    return "I8";
  case DType::u8:
    return "U8";
  case DType::boolean:
    return "BOOL";
  }
  throw InternalError("an unknown element type");
}

std::uint64_t TensorInfo::elements() const {
  std::uint64_t product = 1;
  for (const std::int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &product))
      throw InternalError("tensor " + name + " has an impossible shape");
  return product;
}

void convert_to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  require_sizes(dtype, bytes.size(), out.size());
  switch (dtype) {
  case DType::f32:
    std::copy_n(bytes.data(), bytes.size(), std::as_writable_bytes(out).data());
    return;
  case DType::f16:
    return convert_16_bit<std::byte, float, eight_f16_to_f32>(bytes.data(), out.data(), out.size());
  case DType::bf16:
    return convert_16_bit<std::byte, float, eight_bf16_to_f32>(bytes.data(), out.data(), out.size());
  case DType::f64:
    return f64_to_f32(bytes.data(), out.data(), out.size());
  default:
    throw InternalError("conversion of " + std::string(name_of(dtype)) + " to F32");
  }
}

void convert_from_f32(DType dtype, std::span<const float> values, std::span<std::byte> out) {
  require_sizes(dtype, out.size(), values.size());
  switch (dtype) {
  case DType::f32:
    std::copy_n(std::as_bytes(values).data(), out.size(), out.data());
    return;
  case DType::f16:
    return convert_16_bit<float, std::byte, eight_f32_to_f16>(values.data(), out.data(), values.size());
  case DType::bf16:
    return convert_16_bit<float, std::byte, eight_f32_to_bf16>(values.data(), out.data(), values.size());
  default:
    throw InternalError("conversion of F32 to " + std::string(name_of(dtype)));
  }
}

} // namespace sciexam::inline checkpoint
