// Training with LibTorch and our own kernels, on the CPU (and, with a LibTorch that has it, on another device).
#pragma once

#include "model/deberta.hpp"
#include "train/engine/gradient_pass.hpp"
#include "train/engine/training_engine.hpp"
#include "train/manifest/settings.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/optimizer/row_gradients.hpp"
#include "train/optimizer/weight_average.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline train {

class CpuEngine final : public TrainingEngine {
public:
  /// Trains `network` from its present weights, on the questions of `train`. All three outlive the engine.
  CpuEngine(DebertaForMultipleChoice& network, const TrainingSettings& settings, const TrainingSet& train);

  BatchLoss add_gradients(const QuestionBatch& batch, std::uint32_t step, std::uint32_t pass) override;
  double gradient_norm() const override;
  void step(double learning_rate, double gradient_scale) override;
  void perturb() override;
  void restore() override;
  void swap_average() override;
  std::vector<OptionLogits> logits(const TrainingSet& set, const std::string& label) override;
  void save_weights(const std::filesystem::path& file) const override;
  std::vector<TensorInfo> state_tensors() const override;
  void read_state(const std::string& name, std::size_t first, std::span<std::byte> out) const override;
  void write_state(const std::string& name, std::size_t first, std::span<const std::byte> bytes) override;
  void resume(std::int64_t steps) override;

private:
  struct StateTensor {
    std::string name;
    at::Tensor tensor; ///< shares storage with what is trained
  };
  std::vector<StateTensor> all_state() const;

  DebertaForMultipleChoice& network_;
  const TrainingSettings& settings_;
  const TrainingSet& train_;
  AdamW optimizer_;
  RowGradients rows_;
  WeightAverage average_;
  std::optional<WeightPerturbation> perturbation_;
  std::vector<StateTensor> state_;
  std::map<std::string, at::Tensor> state_by_name_;
};

/// The network's logits for all questions, without dropout; shows progress under `label`. The weights may change again
/// afterwards.
std::vector<OptionLogits> logits_of(const DebertaForMultipleChoice& network, const TrainingSet& set,
                                    const std::string& label);

} // namespace sciexam::inline train
