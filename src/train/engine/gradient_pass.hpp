// Loss and gradients of one batch of questions.
#pragma once

#include "model/deberta.hpp"
#include "train/engine/training_engine.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/optimizer/row_gradients.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline train {

/// Cross-entropy of each question, summed: logits [questions * kOptions] in packed order, answers in
/// question order. `smoothing` spreads that part of the target evenly over the options (Szegedy et al. 2016).
at::Tensor summed_cross_entropy(const at::Tensor& logits, std::span<const int> answers, double smoothing);

/// Adds the gradient of the batch's mean loss to the parameters' grad() and to `rows`. Every question
/// counts alike, however the batch is split. Dropout's masks are those of (settings.seed, step, pass, pass + 1, ...).
BatchLoss accumulate_gradients(const DebertaForMultipleChoice& network, const TrainingSettings& settings,
                               const TrainingSet& set, const QuestionBatch& batch, std::uint32_t step,
                               std::uint32_t pass, RowGradients& rows);

/// Adversarial weight perturbation (Wu et al. 2020) as the competition's public solutions do it: moves the encoder's
/// dense weights along their gradients, which raises the loss, by awp_lr of their norm, each by no more than awp_eps of
/// its size. The destructor puts back the same bits.
class WeightPerturbation {
public:
  WeightPerturbation(const AdamW& optimizer, const TrainingSettings& settings);
  WeightPerturbation(const WeightPerturbation&) = delete;
  WeightPerturbation& operator=(const WeightPerturbation&) = delete;
  ~WeightPerturbation();

private:
  std::vector<std::pair<at::Tensor, at::Tensor>> original_; // parameter, its values
};

} // namespace sciexam::inline train
