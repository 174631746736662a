// bf16 arithmetic on f32 weights. The one place for it: LibTorch's autocast where it is a stock one, else our own
// dense layers (bf16_linear.hpp), on the CPU.
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

namespace sciexam {

/// True if this CPU multiplies in bf16 (AVX-512-BF16 or AMX). On others bf16 works, slower than f32.
bool cpu_has_bf16();

/// While one lives that is `enabled`, dense layers on `device` compute in bf16, on this thread; weights and their
/// gradients stay f32. Not to be nested.
class MixedPrecision {
public:
  MixedPrecision(bool enabled, at::Device device);
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;
  ~MixedPrecision();

  /// True if Linear is to take bf16_linear() now: never with a stock LibTorch.
  static bool wants_bf16_linear() noexcept;

private:
  std::optional<at::DeviceType> device_;
};

} // namespace sciexam
