// AdamW over the trained parameters of a network.
#pragma once

#include "kernels/optimizer.hpp"
#include "train/optimizer/row_gradients.hpp"
#include "train/optimizer/trained_parameters.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline train {

/// The constants of a parameter's step number `steps`, counted from 1, at this learning rate.
AdamWStep adamw_step(const TrainingSettings& settings, const TrainedParameter& parameter, std::int64_t steps,
                     double learning_rate, double gradient_scale);

/// "adamw_torch" is torch.optim.AdamW (decay before the step, epsilon beside the corrected root);
/// "adamw_hf" transformers.optimization.AdamW (decay after it, epsilon beside the uncorrected root).
/// Parameters are f32; the bits do not depend on the number of threads.
class AdamW {
public:
  AdamW(std::vector<TrainedParameter> parameters, const TrainingSettings& settings);

  const std::vector<TrainedParameter>& parameters() const noexcept { return parameters_; }

  /// The Euclidean norm of all gradients together, in double.
  double gradient_norm(const RowGradients& rows) const;
  /// One step at this rate, with the parameters' grad() (undefined: zeros) and the word embeddings' `rows`, times
  /// `gradient_scale`.
  void step(double learning_rate, double gradient_scale, const RowGradients& rows);
  /// Clears all grad().
  void clear_gradients();

  /// Steps done.
  std::int64_t steps() const noexcept { return steps_; }

  /// Moments of parameters()[i], of its shape: for saving, and for filling again before resume().
  struct Moments {
    at::Tensor exp_avg, exp_avg_sq;
  };
  const std::vector<Moments>& moments() const noexcept { return moments_; }
  /// Continues after `steps` steps; the moments must have been filled.
  void resume(std::int64_t steps);

private:
  void step_dense(std::size_t i, const AdamWStep& step);
  void step_rows(std::size_t i, const AdamWStep& step, const RowGradients& rows);

  std::vector<TrainedParameter> parameters_;
  std::vector<Moments> moments_;
  TrainingSettings settings_;
  std::int64_t steps_ = 0;
  std::vector<bool> touched_; ///< rows of the word embeddings whose moments are not all zero
};

} // namespace sciexam::inline train
