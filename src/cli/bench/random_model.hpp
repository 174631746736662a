// What `bench` measures on: a random model of the shape of a DeBERTa-v3, and random questions.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "inference/encoding.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sciexam::inline cli {

/// The names of the public checkpoints' shapes: large, base, small, xsmall.
std::vector<std::string> shape_names();
/// The shape of microsoft/deberta-v3-NAME (its config.json).
DebertaConfig shape_of(const std::string& name);
/// "DeBERTa-v3-large".
std::string title_of_shape(const std::string& name);

/// Random weights of the size that trained ones have, f16 or, in dense layers, int8: speed does not depend on values.
class RandomWeights : public WeightSource {
public:
  RandomWeights(const DebertaConfig& config, bool int8);
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return "random weights"; }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override;

private:
  static constexpr std::size_t kChunk = std::size_t{1} << 20;
  std::vector<TensorInfo> tensors_;
  std::vector<std::byte> halves_ = std::vector<std::byte>(2 * kChunk), floats_ = std::vector<std::byte>(4 * kChunk);
};

/// Five sequences of `length` tokens each.
std::vector<EncodedQuestion> random_questions(std::size_t count, int length, std::int64_t vocab_size);

} // namespace sciexam::inline cli
