#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"
#include "temporary_folder.hpp"
#include "train/jobs/job_script.hpp"

#include <cstdlib>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

JobPlan small_plan() {
  return {.tasks = 6,
          .program = "/opt/sciexam-run",
          .arguments = {"train", "--manifest", "/m/it's here.json", "--out", "/out"},
          .collecting = {"--pack", "/p"},
          .out = "/out",
          .threads = 3,
          .manifest = "{}"};
}

} // namespace

TEST_CASE("words of a shell's line are quoted where they must be") {
  CHECK_THAT(
      job_script(Scheduler::shell, small_plan()),
      ContainsSubstring("/opt/sciexam-run train --manifest '/m/it'\\''s here.json' --out /out --resume --task 5\n"));
}

TEST_CASE("a Slurm script has a task for each run, and bash takes it") {
  const std::string script = job_script(Scheduler::slurm, small_plan());
  CHECK_THAT(script, ContainsSubstring("#SBATCH --array=0-5\n") && ContainsSubstring("#SBATCH --cpus-per-task=3\n") &&
                         ContainsSubstring("#SBATCH --output=/out/slurm-%A_%a.log\n"));
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "script", script);
  CHECK(std::system(("bash -n '" + (folder / "script").string() + "'").c_str()) == 0);
}

TEST_CASE("tasks of Kubernetes know their number, and want a GPU where the training does") {
  JobPlan plan = small_plan();
  plan.gpu = true;
  const Json list = Json::parse(job_script(Scheduler::kubernetes, plan));
  const Json &tasks = list["items"][1]["spec"], &collecting = list["items"][2]["spec"];
  CHECK(tasks["completions"] == 6);
  const Json& task = tasks["template"]["spec"]["containers"][0];
  CHECK(task["args"] ==
        Json({"train", "--manifest", "/manifest/manifest.json", "--out", "/out", "--resume", "--task", "$(TASK)"}));
  CHECK(task["resources"]["limits"]["nvidia.com/gpu"] == "1");
  const Json& collector = collecting["template"]["spec"]["containers"][0];
  CHECK(collector["args"].back() == "/p");
  CHECK(!collector["resources"].contains("limits"));
}

TEST_CASE("a scheduler that is not known is refused") {
  CHECK(scheduler_of_name("slurm") == Scheduler::slurm);
  CHECK_THROWS_AS(scheduler_of_name("pbs"), UsageError);
}
