// What `bench` measures on: a random model of DeBERTa-v3-large's shape, and random questions.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "inference/batches.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sciexam {

struct BenchOptions {
  int threads = 0, questions = 4000, models = 3;
  std::vector<int> lengths = {100};
  double seconds = 20;
  std::string report = {}, plot = {}, package = {}, precision = "f32", device = "cpu";
};

/// DeBERTa-v3-large (microsoft/deberta-v3-large, config.json).
DebertaConfig large_config();

/// Random weights of the size that trained ones have, as f16 or, of dense layers, bytes: speed does not depend on them.
class RandomWeights : public WeightSource {
public:
  RandomWeights(const DebertaConfig& config, bool bytes);
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

/// "4000 questions, 3 models", and the time that they take at this speed.
std::string projection_name(const BenchOptions& options);
std::string projection(const BenchOptions& options, int length, double tokens_per_second);

/// A table's row, each cell as wide as its header.
void print_row(const std::vector<std::string>& header, const std::vector<std::string>& cells);

/// bench --package FOLDER: prints how long loading its first model takes, beside reading its file from the system's
/// memory, the same with checking and decompressing it, and packing random weights of that shape (projected tables
/// included). The best of three each.
void bench_loading(const BenchOptions& options);

/// bench --device cuda...: prints a table by length, of each GPU and of all at work together. Throws WorkError where no
/// GPU can be used.
void bench_devices(const BenchOptions& options);

} // namespace sciexam
