#include "model/mixed_precision.hpp"

#include "support/errors.hpp"

#ifdef SCIEXAM_STOCK_LIBTORCH
#include <ATen/autocast_mode.h>
#endif

namespace sciexam {

#ifdef SCIEXAM_STOCK_LIBTORCH

bool has_mixed_precision() {
  return true;
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

#else

bool has_mixed_precision() {
  return false;
}

MixedPrecision::MixedPrecision(bool enabled, at::Device) {
  if (enabled)
    throw InternalError("bf16 is asked of the static LibTorch");
}

MixedPrecision::~MixedPrecision() = default;

#endif

} // namespace sciexam
