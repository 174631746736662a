// Trainings that are killed, interrupted, or run out of disk space, and are resumed.
#include "end_to_end/school.hpp"

#include <chrono>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

} // namespace

TEST_CASE("a killed training resumes to the same weights") {
  const bool open_book = GENERATE(false, true);
  CAPTURE(open_book);
  School school;
  if (open_book)
    school.open_the_book();
  REQUIRE(school.train("whole", {"--run", "0"}).status == 0);
  const std::vector<std::string> arguments = school.arguments("killed", {"--run", "0", "--resume"});
  for (const int time : {120, 200, 300})
    kill_after(arguments, std::chrono::milliseconds(time));
  const ProgramResult run = sciexam_run(arguments);
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(weights_of(school.lock("killed")) == weights_of(school.lock("whole")));
}

TEST_CASE("killed at twenty random moments every training ends with the same weights", "[long]") {
  School school;
  school.manifest()["settings"]["max_steps"] = 60;
  school.manifest()["settings"]["eval_steps"] = 7;
  school.manifest()["settings"]["ema_decay"] = 0.9;
  school.validate_with_exam();
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(school.train("whole", {"--run", "0"}).status == 0);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  std::mt19937 random(20260101);
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    INFO("round " << i);
    const std::string out = "killed_" + std::to_string(i);
    const std::vector<std::string> arguments = school.arguments(out, {"--run", "0", "--resume"});
    killed += kill_after(arguments, std::chrono::milliseconds(random() % static_cast<unsigned>(took.count())));
    const ProgramResult run = sciexam_run(arguments);
    INFO(run.err);
    REQUIRE(run.status == 0);
    CHECK(weights_of(school.lock(out)) == weights_of(school.lock("whole")));
  }
  CHECK(killed >= 15);
}

TEST_CASE("a full disk does not stop a training: it is reported, and the weights are written where they fit") {
  if (::geteuid() != 0)
    SKIP("mounting a small file system needs root");
  const School school;
  fs::create_directories(school / "small");
  // 0.28 MB of weights and a vocabulary of 0.24 MB fit, a state of three times the weights does not.
  if (run_command({"mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", school / "small"}).status != 0)
    SKIP("mount does not work here");
  const ProgramResult refused = school.train("small/out", {"--run", "0"});
  const ProgramResult run = school.train("small/out", {"--run", "0", "--ignore-disk-estimate"});
  const bool written = fs::exists(school / "small/out/run_0/last/training.json");
  const ProgramResult full = school.train("small/more", {"--run", "0", "--ignore-disk-estimate"});
  run_command({"umount", school / "small"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("the runs need at least 1 MB of disk, but only 1 MB is free") &&
                              ContainsSubstring("--ignore-disk-estimate"));
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(written);
  CHECK_THAT(run.err, ContainsSubstring("THE STATE COULD NOT BE SAVED") && ContainsSubstring("No space left"));
  CHECK(full.status == 1); // nothing fits any longer
  CHECK_THAT(full.err, ContainsSubstring("No space left"));
}

TEST_CASE("where the disk has no room for two states, one takes the place of the other") {
  if (::geteuid() != 0)
    SKIP("mounting a small file system needs root");
  const School school;
  fs::create_directories(school / "small");
  // 0.52 MB of results and one state of 0.84 MB.
  if (run_command({"mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", school / "small"}).status != 0)
    SKIP("mount does not work here");
  const ProgramResult run = school.train("small/out", {"--run", "0", "--ignore-disk-estimate"});
  const std::string weights = run.status == 0 ? weights_of(school.lock("small/out")) : std::string();
  run_command({"umount", school / "small"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("no room for two states") && !ContainsSubstring("COULD NOT BE SAVED"));
  REQUIRE(school.train("roomy", {"--run", "0"}).status == 0);
  CHECK(weights_of(school.lock("roomy")) == weights);
}

TEST_CASE("an interrupted training saves its state, says how to resume, and resumes from there") {
  const School school;
  // Interrupted once a further step is in the log. By SIGTERM: a shell starts background jobs with SIGINT ignored.
  const std::string script = "log=$1; shift; bytes() { cat \"$log\" 2>/dev/null | wc -c; }; before=$(bytes); \"$@\" & "
                             "until [ $(bytes) -gt $before ]; do sleep 0.02; done; kill -TERM $!; wait $!";
  const auto interrupted = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {"/bin/sh", "-c", script, "sh", school / "out/run_0/log.jsonl", program()};
    const std::vector<std::string> arguments = school.arguments("out", more);
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_command(command);
  };
  const std::vector<std::string> endless = {"--run", "0", "--max-steps", "1000000", "--save-steps", "0"};
  const ProgramResult first = interrupted(endless);
  INFO(first.err);
  CHECK(first.status == 1);
  CHECK_THAT(first.err, ContainsSubstring("run_0: interrupted after step ") &&
                            ContainsSubstring("its state is saved. The same command with --resume"));
  std::vector<std::string> on = endless;
  on.emplace_back("--resume");
  const ProgramResult second = interrupted(on);
  INFO(second.err);
  CHECK_THAT(second.err, ContainsSubstring("run_0: continues after step "));
  on[3] = "1000"; // another length is another training
  const ProgramResult other = school.train("out", on);
  CHECK(other.status == 2);
  CHECK_THAT(other.err, ContainsSubstring("belongs to a run with other settings"));
}

TEST_CASE("runs that were trained one by one into one folder are collected by resuming them all") {
  const School school;
  REQUIRE(school.train("out", {"--run", "1"}).status == 0);
  REQUIRE(school.train("out", {"--run", "0"}).status == 0);
  const std::string second = read_bytes(school / "out/run_1/last/model.safetensors");
  CHECK(school.lock("out")["runs"].size() == 1);
  const ProgramResult all = school.train("out", {"--resume", "--pack", school / "package"});
  INFO(all.err);
  REQUIRE(all.status == 0);
  CHECK_THAT(all.err,
             ContainsSubstring("run_0: has already finished") && ContainsSubstring("run_1: has already finished"));
  CHECK(school.lock("out")["runs"].size() == 2);
  CHECK(read_bytes(school / "out/run_1/last/model.safetensors") == second);
  CHECK_THAT(read_bytes(school / "out/report.html"), ContainsSubstring("run_0") && ContainsSubstring("run_1"));
  CHECK(fs::exists(school / "package/run_1.safetensors.zst"));
}
