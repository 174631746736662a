#include "kernels/packed_matrix.hpp"

#include <algorithm>

namespace sciexam {
PackedMatrix::PackedMatrix(std::int64_t in_features, std::int64_t out_features, const float* weight, const float* bias,
                           const Workers& workers, const KernelTable& kernels)
    : kernels_(&kernels), in_features_(in_features), out_features_(out_features) {
  const std::int64_t columns = kernels.panel_columns, panels = (out_features + columns - 1) / columns;
  weight_ = AlignedFloats(panels * columns * in_features);
  bias_ = AlignedFloats(panels * columns);
  std::fill_n(bias_.data(), panels * columns, 0.0F);
  if (bias != nullptr)
    std::copy_n(bias, out_features, bias_.data());
  workers.run(panels, [&](int, std::int64_t panel) {
    const std::int64_t first = panel * columns, present = std::min(columns, out_features - first);
    float* to = weight_.data() + first * in_features;
    for (std::int64_t k = 0; k < in_features; ++k, to += columns) {
      for (std::int64_t column = 0; column < present; ++column)
        to[column] = weight[(first + column) * in_features + k];
      std::fill(to + present, to + columns, 0.0F);
    }
  });
}

DenseRows PackedMatrix::call() const noexcept {
  DenseRows call;
  call.in_features = in_features_;
  call.out_features = out_features_;
  call.weight = weight_.data();
  call.bias = bias_.data();
  return call;
}

} // namespace sciexam
