// The operations that a network is made of, as arguments and launches of kernels: strides and widths are those of its
// shape.
#pragma once

#include "gpu/network/device_kernels.hpp"
#include "gpu/network/device_weights.hpp"
#include "gpu/network_shape.hpp"

namespace sciexam::inline gpu {

class DeviceOperators {
public:
  /// Both must outlive it.
  DeviceOperators(const DeviceKernels& kernels, const NetworkShape& shape) : kernels_(kernels), shape_(shape) {}

  const DeviceKernels& kernels() const noexcept { return kernels_; }
  const NetworkShape& shape() const noexcept { return shape_; }

  /// From an element to its second part, in rows of this width; 0: there is none.
  int rest(int width) const { return (shape_.parts() - 1) * width; }
  /// y = linear(x), x [rows, in]; the caller adds GELU and residual.
  Product linear(driver::Pointer x, const DeviceLinear& linear, driver::Pointer y, int rows) const;
  /// y = LayerNorm(x), [rows, hidden_size]; y may be x.
  void norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, int rows, driver::Stream stream) const;

private:
  const DeviceKernels& kernels_;
  const NetworkShape& shape_;
};

} // namespace sciexam::inline gpu
