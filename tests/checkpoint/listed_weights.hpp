// Tensors without data, for code that only looks at names and shapes.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::test {

class ListedWeights : public WeightSource {
public:
  explicit ListedWeights(std::vector<TensorInfo> tensors) : tensors_(std::move(tensors)) {}
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return "model.safetensors"; }
  void read(const std::function<bool(const TensorInfo&)>&, const std::function<void(const TensorChunk&)>&,
            int) override {}

private:
  std::vector<TensorInfo> tensors_;
};

} // namespace sciexam::test
