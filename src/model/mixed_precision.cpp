#include "model/mixed_precision.hpp"

#ifdef SCIEXAM_STOCK_LIBTORCH
#include <ATen/autocast_mode.h>
#else
#include <oneapi/dnnl/dnnl.h>
#endif

namespace sciexam::inline model {

#ifdef SCIEXAM_STOCK_LIBTORCH

bool cpu_has_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") != 0; // every CPU with AMX has it
}

MixedPrecision::MixedPrecision(bool enabled, at::Device device) {
  if (!enabled)
    return;
  device_ = device.type();
  at::autocast::set_autocast_enabled(*device_, true);
  at::autocast::set_autocast_dtype(*device_, at::kBFloat16);
}

MixedPrecision::~MixedPrecision() {
  if (!device_)
    return;
  at::autocast::clear_cache(); // of weights in bf16: they are about to change
  at::autocast::set_autocast_enabled(*device_, false);
}

bool MixedPrecision::wants_bf16_linear() noexcept {
  return false;
}

#else

namespace {

thread_local bool bf16_linear_is_wanted = false;

} // namespace

bool cpu_has_bf16() {
  switch (dnnl_get_effective_cpu_isa()) {
  case dnnl_cpu_isa_avx512_core_bf16:
  case dnnl_cpu_isa_avx512_core_fp16:
  case dnnl_cpu_isa_avx512_core_amx:
  case dnnl_cpu_isa_avx512_core_amx_fp16:
    return true;
  default:
    return false;
  }
}

MixedPrecision::MixedPrecision(bool enabled, at::Device device) {
  if (!enabled)
    return;
  device_ = device.type();
  bf16_linear_is_wanted = true;
}

MixedPrecision::~MixedPrecision() {
  if (device_)
    bf16_linear_is_wanted = false;
}

bool MixedPrecision::wants_bf16_linear() noexcept {
  return bf16_linear_is_wanted;
}

#endif

} // namespace sciexam::inline model
