#include "model/network_io.hpp"

#include <algorithm>

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

namespace sciexam::inline model {

std::int64_t PackedSequences::longest() const {
  std::int64_t longest = 0;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s)
    longest = std::max(longest, offsets[s + 1] - offsets[s]);
  return longest;
}

at::Tensor first_tokens(const at::Tensor& hidden, const std::vector<std::int64_t>& offsets) {
  const at::Tensor starts =
      at::tensor(at::ArrayRef<std::int64_t>(offsets.data(), offsets.size() - 1), at::TensorOptions(at::kLong));
  return hidden.index_select(0, starts.to(hidden.device()));
}

} // namespace sciexam::inline model
