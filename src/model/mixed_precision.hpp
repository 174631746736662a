// bf16 arithmetic on f32 weights (autocast): what a stock LibTorch offers for a GPU. The one place for it.
#pragma once

#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// True if this LibTorch can do it: the static one has no autocast.
bool has_mixed_precision();

/// While one lives that is `enabled`, dense layers on `device` compute in bf16; weights and their gradients stay f32.
/// Throws InternalError if that is asked of a LibTorch that cannot.
class MixedPrecision {
public:
  MixedPrecision(bool enabled, at::Device device);
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;
  ~MixedPrecision(); // NOLINT(performance-trivially-destructible): not trivial with a stock LibTorch

private:
  std::optional<at::DeviceType> device_;
};

} // namespace sciexam
