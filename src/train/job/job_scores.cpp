#include "train/job/job_scores.hpp"

#include "ensemble/combine.hpp"
#include "support/text/numbers.hpp"
#include "train/job/planned_runs.hpp"
#include "train/state/scores.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline train {
namespace {

void add_scores(NamedTexts& texts, const std::string& name, const Scores& scores) {
  const auto add = [&](const char* what, double value) {
    texts.emplace_back(name + ", " + what, printed("%.4f", value));
  };
  add("MAP@3", scores.map_at_3);
  add("accuracy", scores.accuracy);
}

NamedTexts out_of_fold_scores(std::span<const Predictions> predictions, std::int64_t folds) {
  NamedTexts texts;
  for (const std::span<const Predictions> parts : by_run(predictions, folds)) {
    Predictions all;
    for (const Predictions& part : parts)
      for (std::size_t q = 0; q < part.questions.size(); ++q) {
        all.questions.add(part.questions, q);
        all.logits.push_back(part.logits[q]);
      }
    add_scores(texts, without_fold(parts.front().run) + " out of fold", score(all.questions, all.logits));
  }
  return texts;
}

/// Logits whose softmax is the mean of the runs' probabilities for question `q`.
OptionLogits mean_of_runs(std::span<const Predictions> predictions, std::size_t q) {
  std::vector<OptionLogits> models;
  models.reserve(predictions.size());
  for (const Predictions& run : predictions)
    models.push_back(run.logits[q]);
  const OptionScores p = combine_scores(Combine::mean_softmax, models, {});
  OptionLogits logits;
  std::transform(p.begin(), p.end(), logits.begin(), [](double x) { return static_cast<float>(std::log(x)); });
  return logits;
}

} // namespace

std::vector<std::span<const Predictions>> by_run(std::span<const Predictions> predictions, std::int64_t folds) {
  std::vector<std::span<const Predictions>> runs;
  if (folds < 2)
    return runs;
  const auto count = static_cast<std::size_t>(folds);
  while (predictions.size() >= count) {
    const std::span<const Predictions> parts = predictions.first(count);
    const bool whole = std::ranges::all_of(
        parts, [&](const Predictions& part) { return without_fold(part.run) == without_fold(parts.front().run); });
    if (whole)
      runs.push_back(parts);
    predictions = predictions.subspan(whole ? count : 1);
  }
  return runs;
}

NamedTexts job_scores(std::span<const Predictions> predictions, std::int64_t folds) {
  if (folds > 1)
    return out_of_fold_scores(predictions, folds);
  NamedTexts texts;
  const bool alike = std::all_of(predictions.begin(), predictions.end(), [&](const Predictions& any) {
    return any.questions.places == predictions.front().questions.places;
  });
  if (predictions.size() < 2 || !alike)
    return texts;
  std::vector<OptionLogits> mean;
  for (std::size_t q = 0; q < predictions.front().logits.size(); ++q)
    mean.push_back(mean_of_runs(predictions, q));
  add_scores(texts, "ensemble of " + std::to_string(predictions.size()) + ", mean softmax",
             score(predictions.front().questions, mean));
  return texts;
}

} // namespace sciexam::inline train
