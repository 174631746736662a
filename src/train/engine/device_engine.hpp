// Training on a GPU, behind its helper process: weights, gradients and moments are there; the loss is computed here.
#pragma once

#include "gpu/training_process.hpp"
#include "model/deberta.hpp"
#include "train/engine/loss_scale.hpp"
#include "train/engine/memory_estimate.hpp"
#include "train/engine/training_engine.hpp"
#include "train/manifest/settings.hpp"
#include "train/optimizer/trained_parameters.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace sciexam::inline train {

/// What a device must have room for to train with these settings.
DeviceLimits training_limits(const TrainingSettings& settings, const PassSize& pass, const TrainingSet& valid);
TrainingSetup training_setup(const DebertaConfig& config, const TrainingSettings& settings);

class DeviceEngine final : public TrainingEngine {
public:
  /// Trains a copy of `network`'s present weights, on the questions of `train`; settings and set outlive the engine,
  /// and so does the open device.
  DeviceEngine(DeviceProcess& device, const DebertaForMultipleChoice& network, const TrainingSettings& settings,
               const TrainingSet& train, const DeviceLimits& limits);

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

  /// The present gradient of a parameter, not scaled.
  std::vector<float> gradient(const std::string& name) const;
  /// Forgets all gradients.
  void drop_gradients();

private:
  struct Pass {
    QuestionBatch batch;
    std::uint32_t step = 0, pass = 0;
  };
  enum class Perturbation { begin, end };
  using Work = std::variant<Pass, Perturbation>;

  BatchLoss run_pass(const Pass& pass) const;
  void repeat_smaller() const;
  void perturb_now() const;
  std::string overflowed_tensor() const;

  mutable TrainingProcess device_;
  const TrainingSettings& settings_;
  const TrainingSet& train_;
  DeviceLimits limits_;
  std::vector<TensorInfo> tensors_; ///< all of the network, in its order
  std::vector<TrainedParameter> parameters_;
  std::vector<std::string> names_; ///< of the parameters
  mutable LossScale scale_;
  std::vector<Work> work_;     ///< of this step, to be repeated after an overflow
  bool loss_is_finite_ = true; ///< of this step: else no loss scale helps
  std::int64_t steps_ = 0;
};

} // namespace sciexam::inline train
