// Weights that are the same on every CPU with an instruction set, and locks that ask for it.
#include "end_to_end/school.hpp"
#include "golden/golden.hpp"
#include "kernels/isa.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using sciexam::Isa;

namespace {

namespace fs = std::filesystem;

constexpr const char* kAvx2Kernels = "own AVX2, LibTorch AVX2, oneDNN AVX2";

ProgramResult run_with(const std::vector<std::string>& environment, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program());
  return run_command(arguments, {}, environment);
}

/// Training of one run.
ProgramResult train_with(const School& school, const std::vector<std::string>& environment, const std::string& out,
                         std::vector<std::string> more) {
  more.insert(more.end(), {"--run", "0"});
  return run_with(environment, school.arguments(out, more));
}

ProgramResult check(const School& school, const fs::path& lock, const std::string& out,
                    const std::vector<std::string>& environment = {}, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"train",  "--check",       lock,    "--base",    school / "base",
                                        "--data", school / "data", "--out", school / out};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_with(environment, arguments);
}

} // namespace

TEST_CASE("option --isa avx2 gives the same weights whatever the environment asks of the libraries") {
  const School school;
  std::vector<std::string> environment = {"ATEN_CPU_CAPABILITY=default", "ONEDNN_MAX_CPU_ISA=SSE41"};
  if (sciexam::cpu_has(Isa::avx512))
    environment = {"SCIEXAM_ISA=avx512", "ATEN_CPU_CAPABILITY=avx512", "ONEDNN_MAX_CPU_ISA=AVX512_CORE"};
  const ProgramResult first = train_with(school, {}, "first", {"--isa", "avx2"}),
                      second = train_with(school, environment, "second", {"--isa", "avx2"});
  INFO(first.err << second.err);
  REQUIRE(first.status == 0);
  REQUIRE(second.status == 0);
  const json lock = school.lock("first");
  CHECK(weights_of(school.lock("second")) == weights_of(lock));
  CHECK(lock["minimum_isa"] == "avx2");
  CHECK(lock["manifest"]["isa"] == "avx2");
#ifndef SCIEXAM_DYNAMIC
  CHECK(lock["machine"]["kernels"] == kAvx2Kernels);
  CHECK(lock["reproducible"] == "the same weights come out on every CPU that has AVX2, with 1 thread");
#endif
  CHECK_THAT(first.err, ContainsSubstring(", for --isa avx2"));
}

TEST_CASE("option --isa overrides the manifest's instruction set, which overrides SCIEXAM_ISA and the CPU's best") {
  School school;
  const auto minimum = [&](const std::vector<std::string>& environment, const std::string& out,
                           const std::vector<std::string>& more) -> std::string {
    const ProgramResult run = train_with(school, environment, out, more);
    INFO(run.err);
    REQUIRE(run.status == 0);
    return school.lock(out)["minimum_isa"];
  };
  const std::string best = isa_option(sciexam::best_isa());
  CHECK(minimum({}, "best", {}) == best);
  CHECK(minimum({"SCIEXAM_ISA=avx2"}, "environment", {}) == "avx2");
  school.manifest()["isa"] = "avx2";
  school.save();
  CHECK(minimum({"SCIEXAM_ISA=" + best}, "manifest", {}) == "avx2");
  CHECK(minimum({}, "option", {"--isa", best}) == best);
  CHECK(minimum({}, "native", {"--isa", "native"}) == best);
}

TEST_CASE("option --check trains with the instruction set that the lock names, even on a CPU with better ones") {
  const School school;
  REQUIRE(train_with(school, {}, "out", {"--isa", "avx2"}).status == 0);
  const ProgramResult same = check(school, school / "out/lock.json", "again");
  INFO(same.err);
  CHECK(same.status == 0);
  CHECK_THAT(same.out, ContainsSubstring("run_0: the same weights"));
  CHECK(school.lock("again")["minimum_isa"] == "avx2");
  // As locks were before they had a minimum.
  json lock = school.lock("out");
  lock.erase("minimum_isa");
  lock["manifest"].erase("isa");
  lock["machine"]["kernels"] = "LibTorch AVX2, oneDNN AVX2";
  lock["machine"]["cpu"] = "one that knows no more";
  write_bytes(school / "old.json", lock.dump());
  const ProgramResult old = check(school, school / "old.json", "old", {"SCIEXAM_ISA=avx2"});
  INFO(old.err);
  CHECK(old.status == 0);
  CHECK(school.lock("old")["minimum_isa"] == "avx2");
  CHECK(check(school, school / "old.json", "plain").status == 0);
}

TEST_CASE("weights of other kernels are told apart by the instruction set") {
  if (!sciexam::cpu_has(Isa::avx512))
    SKIP("this CPU has only AVX2");
  const School school;
  REQUIRE(train_with(school, {}, "out", {"--isa", "avx2"}).status == 0);
  const ProgramResult other = check(school, school / "out/lock.json", "again", {}, {"--isa", "avx512"});
  INFO(other.err);
  CHECK(other.status == 1);
  CHECK_THAT(other.out, ContainsSubstring("run_0: DIFFERENT WEIGHTS") &&
                            ContainsSubstring("the instruction set differs: AVX-512 here, in the lock AVX2"));
}

TEST_CASE("an instruction set that the CPU lacks is refused before anything is trained") {
  if (sciexam::cpu_has(Isa::avx512_amx))
    SKIP("this CPU lacks none");
  School school;
  const ProgramResult option = train_with(school, {}, "out", {"--isa", "avx512_amx"});
  CHECK(option.status == 2);
  CHECK_THAT(option.err, ContainsSubstring("--isa avx512_amx asks for kernels of AVX-512 with AMX, but this CPU ("));
  REQUIRE(train_with(school, {}, "made", {"--max-steps", "1"}).status == 0);
  json lock = school.lock("made");
  lock["minimum_isa"] = "avx512_amx";
  write_bytes(school / "lock.json", lock.dump());
  const ProgramResult refused = check(school, school / "lock.json", "again");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("lock.json asks for kernels of AVX-512 with AMX"));
  school.manifest()["isa"] = "avx512_amx";
  school.save();
  const ProgramResult manifest = train_with(school, {}, "out", {});
  CHECK(manifest.status == 2);
  CHECK_THAT(manifest.err, ContainsSubstring("manifest.json asks for kernels of ") && ContainsSubstring("give --isa"));
  CHECK(!fs::exists(school / "out"));
}

TEST_CASE("bf16 is refused where an instruction set without it is asked for") {
  const School school;
  const ProgramResult run = train_with(school, {}, "out", {"--isa", "avx2", "--bf16", "true"});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, ContainsSubstring("bf16 needs a CPU with AVX-512-BF16 or AMX, and kernels that use it"));
}

TEST_CASE("golden: the demo's first model is what its lock says, on any CPU", "[golden][long]") {
#ifdef SCIEXAM_DYNAMIC
  SKIP("the lock is of the static program");
#endif
  const fs::path data = sciexam::golden::additional().parent_path() / "data";
  const TemporaryFolder folder;
  for (const char* name : {"train_context.csv", "retrieval/passages.jsonl"})
    if (!fs::exists(data / name))
      SKIP("no " << name << " in " << data);
    else if (fs::path(name).extension() == ".csv")
      fs::copy(data / name, folder.path());
  const ProgramResult made = run_command({"/usr/bin/env", "python3", kDemo / "make_exercises.py",
                                          data / "retrieval/passages.jsonl", folder / "reading_exercises.csv"},
                                         {}, {"PATH=/usr/bin:/bin"});
  if (made.status == 127)
    SKIP("no Python");
  INFO(made.err);
  REQUIRE(made.status == 0);
  const ProgramResult run = sciexam_run({"train", "--check", kDemo / "lock.json", "--run", "0", "--base",
                                         kDemo / "base", "--data", folder.path(), "--out", folder / "out"});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("run_0: the same weights"));
}
