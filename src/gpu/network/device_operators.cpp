#include "gpu/network/device_operators.hpp"

namespace sciexam::inline gpu {

Product DeviceOperators::linear(driver::Pointer x, const DeviceLinear& linear, driver::Pointer y, int rows) const {
  Product product{};
  product.x = x;
  product.w = linear.weight;
  product.bias = linear.bias;
  product.y = y;
  product.m = rows;
  product.n = linear.out;
  product.k = linear.in;
  product.rest = rest(linear.out);
  product.x_stride = linear.in;
  product.y_stride = linear.out + product.rest;
  return product;
}

void DeviceOperators::norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, int rows,
                           driver::Stream stream) const {
  kernels_.layer_norm(x, norm, y, rows, shape_.hidden_size, rest(shape_.hidden_size), shape_.layer_norm_eps, stream);
}

} // namespace sciexam::inline gpu
