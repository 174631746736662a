#include "catch_beside_torch.hpp"
#include "train/job/job_scores.hpp"

#include <string>
#include <vector>

using namespace sciexam;

TEST_CASE("folds belong together only where all of a run's folds are there") {
  std::vector<Predictions> predictions;
  for (const char* run :
       {"run_0_fold_0", "run_0_fold_1", "run_1_fold_1", "run_2_fold_0", "run_2_fold_1", "run_3_fold_0"})
    predictions.push_back({run, {}, {}});
  const auto runs = by_run(predictions, 2);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].front().run == "run_0_fold_0");
  CHECK(runs[1].front().run == "run_2_fold_0");
  CHECK(by_run(predictions, 0).empty());
}
