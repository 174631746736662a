// bf16 arithmetic on f32 weights: by autocast with a stock LibTorch, else by our own dense layers on the CPU
// (bf16_linear.hpp).
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// True if this CPU multiplies in bf16 (AVX-512-BF16 or AMX). On others bf16 works, but is slower than f32.
bool cpu_has_bf16();

/// While an enabled one exists, dense layers on `device` compute in bf16 on this thread; weights and their gradients
/// stay f32. Do not nest.
class MixedPrecision {
public:
  MixedPrecision(bool enabled, at::Device device);
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;
  ~MixedPrecision();

  /// True if Linear should call bf16_linear() now; never with a stock LibTorch.
  static bool wants_bf16_linear() noexcept;

private:
  std::optional<at::DeviceType> device_;
};

} // namespace sciexam::inline model
