// The gradient of an embedding table, kept for the rows that were looked up.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline train {

/// Of 128,100 rows a few hundred have a gradient: the others are not stored.
class RowGradients {
public:
  explicit RowGradients(std::int64_t width) : width_(static_cast<std::size_t>(width)) {}

  /// Adds gradient[t] to row ids[t], for all t in order. ids [tokens] int64, gradient [tokens, width] f32, on the CPU.
  void add(const at::Tensor& ids, const at::Tensor& gradient);
  void clear();

  bool empty() const noexcept { return rows_.empty(); }
  /// The rows in the order in which they were first looked up.
  std::span<const std::int64_t> rows() const noexcept { return rows_; }
  /// The gradient of rows()[i], [width].
  std::span<const float> values(std::size_t i) const { return {&values_[i * width_], width_}; }
  /// All of them, concatenated.
  std::span<const float> all_values() const noexcept { return values_; }

private:
  std::size_t width_;
  std::vector<std::int64_t> rows_;
  std::vector<float> values_;
  std::unordered_map<std::int64_t, std::size_t> index_of_;
};

} // namespace sciexam::inline train
