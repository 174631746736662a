#include "support/errors.hpp"
#include "train/job/planned_runs.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

TrainingRequest request_of(const std::vector<std::string>& names) {
  TrainingRequest request;
  for (const std::string& name : names)
    request.manifest.runs.emplace_back().name = name;
  return request;
}

std::vector<std::string> names_of(const TrainingRequest& request) {
  std::vector<std::string> names;
  for (const RunPlan& run : planned_runs(request))
    names.push_back(run.name);
  return names;
}

} // namespace

TEST_CASE("the runs that are asked for are trained in the manifest's order, all where none is named") {
  TrainingRequest request = request_of({"a", "b", "c"});
  CHECK(names_of(request) == std::vector<std::string>{"a", "b", "c"});
  request.runs = {"c", "a"};
  CHECK(names_of(request) == std::vector<std::string>{"a", "c"});
  request.runs = {"d"};
  CHECK_THROWS_AS(planned_runs(request), UsageError);
}

TEST_CASE("with folds every run is trained once per fold, and its name leads back to it") {
  TrainingRequest request = request_of({"a", "b_fold_x"});
  request.folds = 2;
  CHECK(names_of(request) == std::vector<std::string>{"a_fold_0", "a_fold_1", "b_fold_x_fold_0", "b_fold_x_fold_1"});
  CHECK(planned_runs(request)[1].fold->index == 1);
  CHECK(without_fold("b_fold_x_fold_1") == "b_fold_x");
  CHECK(least_folds(planned_runs(request)) == 2);
  CHECK(least_folds({}) == 0);
}

TEST_CASE("a run's own dropout overrides that of config.json") {
  DebertaConfig config;
  config.hidden_dropout_prob = 0.1;
  config.num_hidden_layers = 2;
  TrainingSettings settings;
  CHECK(configured(config, settings).hidden_dropout_prob == 0.1);
  settings.hidden_dropout_prob = 0;
  CHECK(configured(config, settings).hidden_dropout_prob == 0);
  settings.freeze_layers = 3;
  CHECK_THROWS_AS(configured(config, settings), UsageError);
}
