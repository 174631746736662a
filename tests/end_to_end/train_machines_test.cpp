// Several processes train into one folder: as tasks that are collected, side by side, and one after another's death.
#include "end_to_end/school.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A lock without what a second training of the same does not have in common with the first.
json without_times(json lock) {
  for (json& run : lock["runs"])
    run.erase("seconds");
  return lock;
}

/// Another machine's claim, of which nothing more is heard.
void claim(const School& school, const std::string& run) {
  fs::create_directories(school / "out/claims");
  write_bytes(school / ("out/claims/" + run + ".1.json"),
              R"({"host": "far", "space": "other", "process": 7, "start": "1", "token": "t", "beat": 3})");
}

} // namespace

TEST_CASE("tasks that are collected leave the lock of one command") {
  School school;
  REQUIRE(school.train("whole", {"--folds", "2"}).status == 0);
  for (const char* task : {"2", "0", "3", "1"}) {
    const ProgramResult run = school.train("out", {"--folds", "2", "--resume", "--task", task});
    INFO(run.err);
    REQUIRE(run.status == 0);
    CHECK(!fs::exists(school / "out/lock.json"));
  }
  const ProgramResult collected = school.train("out", {"--folds", "2", "--collect", "--pack", school / "package"});
  INFO(collected.err);
  REQUIRE(collected.status == 0);
  CHECK(without_times(school.lock("out")) == without_times(school.lock("whole")));
  CHECK(read_bytes(school / "out/run_1_out_of_fold.csv") == read_bytes(school / "whole/run_1_out_of_fold.csv"));
  CHECK(fs::exists(school / "package/manifest.json"));
  CHECK(!fs::exists(school / "out/claims"));
  const ProgramResult none = school.train("out", {"--folds", "2", "--resume", "--task", "4"});
  CHECK(none.status == 2);
  CHECK_THAT(none.err, ContainsSubstring("--task 4: there is no such task, as there are 4 tasks, counted from 0"));
}

TEST_CASE("two processes share the runs of one folder, none is trained twice, and both end with all of them") {
  School school;
  REQUIRE(school.train("whole").status == 0);
  std::vector<std::string> command = {
      "/bin/sh", "-c", "\"$@\" 2> \"$0.1\" & \"$@\" 2> \"$0.2\"; s=$?; wait $! && exit $s", school / "log", program()};
  const std::vector<std::string> arguments = school.arguments("out", {"--resume"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult both = run_command(command);
  const std::string logs = read_bytes(school / "log.1") + read_bytes(school / "log.2");
  INFO(logs);
  REQUIRE(both.status == 0);
  CHECK(without_times(school.lock("out")) == without_times(school.lock("whole")));
  for (const std::string run : {"run_0", "run_1"}) {
    const std::string begun = run + ": 15 training questions";
    CHECK(logs.find(begun) == logs.rfind(begun));
  }
}

TEST_CASE("a run that another machine trains is waited for, and not begun again") {
  const School school;
  claim(school, "run_0");
  const ProgramResult refused = school.train("out", {"--run", "0"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("run_0: is trained here by far, process 7. Give --resume to wait for it"));
  const ProgramResult waiting = school.train("out", {"--resume", "--time-limit", "3s"});
  INFO(waiting.err);
  CHECK(waiting.status == 3);
  CHECK_THAT(waiting.err, ContainsSubstring("run_0: is trained by far, process 7") &&
                              ContainsSubstring("THE TIME IS UP, and not done: run_0."));
  CHECK(fs::exists(school / "out/run_1/result.json"));
  CHECK(!fs::exists(school / "out/run_0"));
}

TEST_CASE("jobs are printed for tasks with the given options, and what tasks cannot have is refused") {
  const School school;
  const auto jobs = [&](const std::string& kind, std::vector<std::string> more) {
    more.insert(more.begin(), {"--jobs", kind, "--folds", "3", "--learning-rate", "0.5"});
    return school.train("out", more);
  };
  const ProgramResult list = jobs("shell", {"--pack", "p"});
  REQUIRE(list.status == 0);
  CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 2 * 3 + 1);
  CHECK_THAT(list.out,
             ContainsSubstring("--threads 1 --folds 3 --learning-rate 0.5 --resume --task 5\n# When all are done: "));
  CHECK(!fs::exists(school / "out/run_0"));
  const ProgramResult script = jobs("slurm", {});
  CHECK_THAT(script.out, ContainsSubstring("#SBATCH --array=0-5\n") && !ContainsSubstring("gres"));
  CHECK_THAT(jobs("slurm", {"--device", "cuda"}).out, ContainsSubstring("#SBATCH --gres=gpu:1\n"));
  const json objects = json::parse(jobs("kubernetes", {"--device", "cuda"}).out);
  CHECK(objects["items"][1]["spec"]["completions"] == 6);
  CHECK(json::parse(objects["items"][0]["data"]["manifest.json"].get<std::string>()) == school.manifest());
  const ProgramResult refused = jobs("slurm", {"--resume"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--resume cannot be given with --jobs"));
}
