#include "train/job/planned_runs.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>

namespace sciexam::inline train {

namespace {

std::vector<RunPlan> chosen_runs(const TrainingRequest& request) {
  std::vector<RunPlan> chosen;
  for (const RunPlan& run : request.manifest.runs)
    if (request.runs.empty() || std::find(request.runs.begin(), request.runs.end(), run.name) != request.runs.end())
      chosen.push_back(run);
  for (const std::string& name : request.runs)
    if (std::none_of(chosen.begin(), chosen.end(), [&](const RunPlan& run) { return run.name == name; }))
      throw UsageError("the manifest has no run " + name + ". Give --run one of its runs' names, or all");
  return chosen;
}

std::vector<RunPlan> by_fold(const std::vector<RunPlan>& runs, std::int64_t folds) {
  std::vector<RunPlan> folded;
  for (const RunPlan& run : runs)
    for (std::int64_t i = 0; i < folds; ++i) {
      folded.push_back(run);
      folded.back().name += "_fold_" + std::to_string(i);
      folded.back().fold = Fold{i, folds};
    }
  return folded;
}

} // namespace

std::vector<RunPlan> planned_runs(const TrainingRequest& request) {
  std::vector<RunPlan> plans = chosen_runs(request);
  if (request.folds > 1)
    plans = by_fold(plans, request.folds);
  if (!request.task)
    return plans;
  if (*request.task >= plans.size())
    throw UsageError("--task " + std::to_string(*request.task) + ": there is no such task, as there are " +
                     counted(plans.size(), "task") + ", counted from 0");
  return {plans[*request.task]};
}

std::string without_fold(const std::string& name) {
  return name.substr(0, name.rfind("_fold_"));
}

int least_folds(const std::vector<RunPlan>& plans) {
  std::int64_t least = 0;
  for (const RunPlan& plan : plans)
    if (plan.fold)
      least = least == 0 ? plan.fold->count : std::min(least, plan.fold->count);
  return static_cast<int>(least);
}

DebertaConfig configured(DebertaConfig config, const TrainingSettings& settings) {
  if (settings.hidden_dropout_prob >= 0)
    config.hidden_dropout_prob = settings.hidden_dropout_prob;
  if (settings.attention_probs_dropout_prob >= 0)
    config.attention_probs_dropout_prob = settings.attention_probs_dropout_prob;
  if (settings.classifier_dropout >= 0)
    config.cls_dropout = settings.classifier_dropout;
  if (settings.freeze_layers > config.num_hidden_layers)
    throw UsageError("freeze_layers is " + std::to_string(settings.freeze_layers) + ", but the model has " +
                     counted(config.num_hidden_layers, "layer") + ". Give no more than that");
  return config;
}

} // namespace sciexam::inline train
