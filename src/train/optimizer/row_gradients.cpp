#include "train/optimizer/row_gradients.hpp"

namespace sciexam::inline train {

void RowGradients::add(const at::Tensor& ids, const at::Tensor& gradient) {
  const at::Tensor on_cpu = ids.cpu(), values = gradient.to(at::kCPU, at::kFloat).contiguous();
  const auto* id = on_cpu.const_data_ptr<std::int64_t>();
  const auto* from = values.const_data_ptr<float>();
  for (std::int64_t token = 0; token < on_cpu.numel(); ++token) {
    const auto [entry, is_new] = index_of_.try_emplace(id[token], rows_.size());
    if (is_new) {
      rows_.push_back(id[token]);
      values_.resize(values_.size() + width_);
    }
    float* to = &values_[entry->second * width_];
    for (std::size_t i = 0; i < width_; ++i)
      to[i] += *from++;
  }
}

void RowGradients::clear() {
  rows_.clear();
  values_.clear();
  index_of_.clear();
}

} // namespace sciexam::inline train
