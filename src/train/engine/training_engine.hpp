// What computes a training: the loop drives it and does not know where weights and gradients are.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "inference/logits.hpp"
#include "train/inputs/training_set.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// What one batch gave.
struct BatchLoss {
  double loss = 0; ///< mean over the batch's questions; not finite if any part was not
  std::int64_t tokens = 0;
};

/// Holds the weights of one run, their gradients, the optimiser's moments and, where the settings ask for one, the
/// average of weights. Equal calls on equal weights give equal bits.
class TrainingEngine {
public:
  TrainingEngine() = default;
  TrainingEngine(const TrainingEngine&) = delete;
  TrainingEngine& operator=(const TrainingEngine&) = delete;
  virtual ~TrainingEngine() = default;

  /// Adds the gradient of the mean loss of these training questions. Every question counts alike, however the batch is
  /// split. Dropout's masks are those of (seed, step, pass, pass + 1, ...).
  virtual BatchLoss add_gradients(const QuestionBatch& batch, std::uint32_t step, std::uint32_t pass) = 0;
  /// The Euclidean norm of all gradients together.
  virtual double gradient_norm() const = 0;
  /// One step of the optimiser, with all gradients times `gradient_scale`. Clears the gradients and updates the
  /// average.
  virtual void step(double learning_rate, double gradient_scale) = 0;

  /// Adversarial weight perturbation: moves weights along their gradients, until restore() puts back the same bits.
  virtual void perturb() = 0;
  virtual void restore() = 0;

  /// Exchanges the weights with their average, if one is kept: before and after validation or a checkpoint.
  virtual void swap_average() = 0;
  /// The logits of all questions, without dropout; shows progress under `label`.
  virtual std::vector<OptionLogits> logits(const TrainingSet& set, const std::string& label) = 0;
  /// Writes the weights as f32 under their Hugging Face names. Throws WorkError.
  virtual void save_weights(const std::filesystem::path& file) const = 0;

  /// The tensors, all f32, that a killed run needs to continue: "parameter/NAME", "exp_avg/NAME", "exp_avg_sq/NAME"
  /// and, if an average is kept, "average/NAME" of every trained parameter, in the order in which they are stored.
  virtual std::vector<TensorInfo> state_tensors() const = 0;
  /// Copies bytes `first` .. `first + out.size()` of a state tensor.
  virtual void read_state(const std::string& name, std::size_t first, std::span<std::byte> out) const = 0;
  /// Overwrites bytes of a state tensor, from `first` on.
  virtual void write_state(const std::string& name, std::size_t first, std::span<const std::byte> bytes) = 0;
  /// Continues after `steps` steps; all of the state must have been written.
  virtual void resume(std::int64_t steps) = 0;
};

} // namespace sciexam::inline train
