// Training on an emulated GPU, as a user runs it.
#include "end_to_end/emulated_gpu.hpp"
#include "end_to_end/school.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

/// A few steps: an emulated GPU is slow.
class ShortSchool : public School {
public:
  ShortSchool() {
    manifest()["settings"]["max_steps"] = 3;
    manifest()["settings"]["batch_size"] = 1;
    manifest()["settings"]["save_steps"] = 1;
    save();
  }
};

ProgramResult train(const School& school, const std::string& out, std::vector<std::string> more,
                    const Environment& environment) {
  std::vector<std::string> arguments = school.arguments(out, {"--run", "0"});
  arguments.insert(arguments.begin(), program());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_command(arguments, {}, environment);
}

} // namespace

TEST_CASE("a GPU trains, its lock says which, and training again as the lock says gives the same weights") {
  const ShortSchool school;
  const ProgramResult run = train(school, "out", {}, emulated()); // auto
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("on GPU 0 (Emulated T4) (weights") &&
                          ContainsSubstring("the gradients of one question are the CPU's up to ") &&
                          ContainsSubstring("of single tensors: median "));
  const json lock = school.lock("out");
  CHECK(lock["machine"]["device"] == "cuda");
  CHECK_THAT(lock["machine"]["gpu"].get<std::string>(), ContainsSubstring("Emulated"));
  CHECK_THAT(lock["reproducible"].get<std::string>(), ContainsSubstring("this kind of GPU"));
  const ProgramResult again = run_command({program(), "train", "--check", school / "out/lock.json", "--base",
                                           school / "base", "--data", school / "data", "--out", school / "again"},
                                          {}, emulated());
  INFO(again.err);
  CHECK(again.status == 0);
  CHECK_THAT(again.out, ContainsSubstring("the same weights"));
}

TEST_CASE("a GPU that fails ends the training with what to do, and resumed it gives the same weights") {
  const ShortSchool school;
  REQUIRE(train(school, "whole", {"--device", "cuda"}, emulated()).status == 0);
  for (const char* fault : {"vanish@450", "crash@500", "hang@480"}) {
    INFO(fault);
    const std::string out = std::string("out_") + fault;
    const ProgramResult run = train(school, out, {"--device", "cuda"}, emulated(fault));
    INFO(run.err);
    CHECK(run.status == 1);
    CHECK_THAT(run.err, ContainsSubstring("run_0: the GPU failed: GPU 0") && ContainsSubstring("--resume"));
    const ProgramResult resumed = train(school, out, {"--device", "cuda", "--resume"}, emulated());
    INFO(resumed.err);
    CHECK(resumed.status == 0);
    CHECK_THAT(resumed.err, ContainsSubstring("continues after step"));
    CHECK(weights_of(school.lock(out)) == weights_of(school.lock("whole")));
  }
}

TEST_CASE("a GPU without the memory that it said it had ends the training before the first step") {
  const ShortSchool school;
  const ProgramResult run = train(school, "out", {"--device", "cuda"}, emulated("oom@1"));
  INFO(run.err);
  CHECK(run.status == 1);
  CHECK_THAT(run.err, ContainsSubstring("out of memory") && ContainsSubstring("GPU 0"));
  CHECK_FALSE(std::filesystem::exists(school / "out/run_0/log.jsonl"));
}

TEST_CASE("killed at twenty random moments a training on a GPU ends with the same weights", "[long]") {
  const ShortSchool school;
  const std::vector<std::string> options = {"--device", "cuda", "--resume"};
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(train(school, "whole", options, emulated()).status == 0);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  std::mt19937 random(20261129);
  int killed = 0;
  for (int round = 0; killed < 20; ++round) {
    INFO("round " << round);
    REQUIRE(round < 60);
    const std::string out = "killed_" + std::to_string(round);
    // Several times each, so that what was resumed is killed as well.
    std::vector<std::string> arguments = school.arguments(out, {"--run", "0"});
    arguments.insert(arguments.end(), options.begin(), options.end());
    for (int time = 0; time < 4; ++time)
      killed +=
          kill_after(arguments, std::chrono::milliseconds(random() % static_cast<unsigned>(took.count())), emulated())
              ? 1
              : 0;
    const ProgramResult run = train(school, out, options, emulated());
    INFO(run.err);
    REQUIRE(run.status == 0);
    CHECK(weights_of(school.lock(out)) == weights_of(school.lock("whole")));
  }
}

TEST_CASE("two GPUs train two runs side by side, and that of one that fails goes on on the other: the same weights") {
  const ShortSchool school;
  const auto train_both = [&](const std::string& out, const std::string& faults, int devices) {
    std::vector<std::string> arguments = school.arguments(out, {"--run", "all", "--device", "cuda"});
    arguments.insert(arguments.begin(), program());
    const ProgramResult run = run_command(arguments, {}, emulated(faults, devices));
    INFO(run.err);
    CHECK(run.status == 0);
    return run.err;
  };
  train_both("one", "", 1);
  const json one = school.lock("one");
  CHECK_THAT(train_both("two", "", 2), ContainsSubstring("GPU 0 (Emulated T4): the gradients") &&
                                           ContainsSubstring("GPU 1 (Emulated T4): the gradients"));
  CHECK_THAT(train_both("failed", "vanish@450:0", 2), ContainsSubstring("goes on on another GPU"));
  CHECK_THAT(train_both("wrong", "wrong@1:0", 2), ContainsSubstring("gives wrong numbers"));
  for (const char* out : {"two", "failed", "wrong"}) {
    const json lock = school.lock(out);
    REQUIRE(lock["runs"].size() == 2);
    for (const std::size_t run : {0, 1}) {
      CHECK(lock["runs"][run]["name"] == one["runs"][run]["name"]);
      CHECK(weights_of(lock, run) == weights_of(one, run));
    }
  }
}

TEST_CASE("a question that is not trained may be longer than what a GPU keeps room for") {
  ShortSchool school;
  school.manifest()["settings"]["max_steps"] = 1;
  school.save();
  std::string exam = read_bytes(school / "data/exam.csv"), longest = "id,prompt,A,B,C,D,E,answer\n0,";
  for (int word = 0; word < 200; ++word)
    longest += "water ";
  write_bytes(school / "data/exam.csv", longest + ",a,b,c,d,e,A\n" + exam.substr(exam.find('\n') + 1));
  const ProgramResult run = train(school, "out", {"--device", "cuda"}, emulated());
  INFO(run.err);
  CHECK(run.status == 0);
}

TEST_CASE("without a usable GPU cuda is refused with the reason, and auto trains on the CPU as ever") {
  const ShortSchool school;
  const ProgramResult refused = train(school, "out", {"--device", "cuda"}, {});
  INFO(refused.err);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err,
             ContainsSubstring("--device cuda: no GPU can be used: ") && ContainsSubstring("--device cpu"));
  for (const char* device : {"cpu", "auto"}) {
    const ProgramResult run = train(school, device, {"--device", device}, {});
    INFO(run.err);
    CHECK(run.status == 0);
  }
  CHECK(weights_of(school.lock("auto")) == weights_of(school.lock("cpu")));
  CHECK(school.lock("auto")["machine"]["device"] == "cpu");
}

TEST_CASE("what a manifest asks of CPUs keeps a training there, unless a GPU is named") {
  ShortSchool school;
  school.manifest()["isa"] = "avx2";
  school.save();
  const ProgramResult run = train(school, "out", {}, emulated());
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("the CPU trains, although there is a GPU: kernels of AVX2 are asked for"));
  CHECK(school.lock("out")["machine"]["device"] == "cpu");
  const ProgramResult other = train(school, "out", {"--device", "cuda", "--resume"}, emulated());
  INFO(other.err);
  CHECK(other.status == 2);
  CHECK_THAT(other.err,
             ContainsSubstring("not used on a GPU: kernels of AVX2") && ContainsSubstring("threads or device"));
}

TEST_CASE("what does not fit a GPU's memory is refused before the start, with what would fit") {
  const ShortSchool school;
  Environment small = emulated();
  small.push_back("SCIEXAM_EMULATED_MEMORY=" + std::to_string(3 << 20));
  const ProgramResult run = train(school, "out", {"--device", "cuda"}, small);
  INFO(run.err);
  CHECK(run.status == 2);
  CHECK_THAT(run.err, ContainsSubstring("of GPU memory, but only") && ContainsSubstring("What would fit: "));
}

TEST_CASE("a GPU whose gradients are wrong is refused before the first step") {
  const ShortSchool school;
  const ProgramResult run = train(school, "out", {"--device", "cuda"}, emulated("wrong@1"));
  INFO(run.err);
  CHECK(run.status == 1);
  CHECK_THAT(run.err, ContainsSubstring("gives wrong numbers") && ContainsSubstring("; worst are ") &&
                          ContainsSubstring("--device cpu"));
  CHECK_FALSE(std::filesystem::exists(school / "out/run_0/log.jsonl"));
}
