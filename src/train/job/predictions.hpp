// Trained models' predictions for their validation questions.
#pragma once

#include "inference/logits.hpp"
#include "train/inputs/training_set.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// The predictions of one run for the questions that validated it.
struct Predictions {
  std::string run;
  TrainingSet questions;
  std::vector<OptionLogits> logits; ///< one per question
};

/// CSV "run,place,answer,A,B,C,D,E": probabilities, a row for each question of each element. Throws WorkError.
void write_predictions(const std::filesystem::path& file, std::span<const Predictions> predictions);

} // namespace sciexam::inline train
