#include "support/files/files.hpp"
#include "support/text/json.hpp"
#include "temporary_folder.hpp"
#include "train/state/run_claim.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace sciexam;
using namespace std::chrono_literals;
using sciexam::test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

constexpr ClaimTimes kPatient{.beat = 1h, .lease = 1h};

/// The claim of a machine of which nothing more is heard.
void write_strange_claim(const fs::path& file) {
  fs::create_directories(file.parent_path());
  write_file_atomically(file,
                        R"({"host": "far", "space": "other", "process": 7, "start": "1", "token": "t", "beat": 3})");
}

} // namespace

TEST_CASE("a run is one process's until it lets go, and nothing is left behind then") {
  const TemporaryFolder folder;
  RunClaims ours(folder / "claims", kPatient), others(folder / "claims", kPatient);
  std::unique_ptr<RunClaim> claim = ours.take("run_0");
  REQUIRE(claim);
  CHECK_FALSE(claim->lost());
  CHECK_FALSE(others.take("run_0"));
  CHECK(others.holder("run_0").ends_with(", process " + std::to_string(::getpid())));
  CHECK(others.take("run_0_fold_1")); // another run, whose name begins alike
  claim.reset();
  CHECK_FALSE(fs::exists(folder / "claims"));
  CHECK(others.take("run_0"));
}

TEST_CASE("of many that claim a run at the same time one gets it") {
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<RunClaim>> got(16);
  std::atomic<bool> go = false;
  {
    std::vector<std::jthread> threads;
    for (std::unique_ptr<RunClaim>& mine : got)
      threads.emplace_back([&] {
        RunClaims claims(folder / "claims", kPatient);
        while (!go)
          std::this_thread::yield();
        mine = claims.take("run");
      });
    go = true;
  }
  std::size_t holders = 0;
  for (const std::unique_ptr<RunClaim>& mine : got)
    holders += mine != nullptr;
  CHECK(holders == 1);
}

TEST_CASE("the claim of a process of this machine that has ended is taken over at once") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    RunClaims claims(folder / "claims", kPatient);
    (void)claims.take("run").release(); // killed
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(fs::exists(folder / "claims/run.1.json"));
  RunClaims claims(folder / "claims", kPatient);
  CHECK(claims.take("run"));
}

TEST_CASE("a claim of another machine is taken over once it has not changed for a lease, and not if it beats") {
  const TemporaryFolder folder;
  write_strange_claim(folder / "claims/run.4.json");
  RunClaims claims(folder / "claims", {.beat = 1h, .lease = 50ms});
  CHECK_FALSE(claims.take("run")); // seen for the first time
  CHECK(claims.holder("run") == "far, process 7");
  std::this_thread::sleep_for(60ms);
  std::string text = read_text_file(folder / "claims/run.4.json");
  text.replace(text.find(": 3}"), 4, ": 4}");
  write_file_atomically(folder / "claims/run.4.json", text);
  CHECK_FALSE(claims.take("run")); // it has changed
  std::this_thread::sleep_for(60ms);
  const std::unique_ptr<RunClaim> claim = claims.take("run");
  REQUIRE(claim);
  CHECK(fs::exists(folder / "claims/run.5.json"));
}

TEST_CASE("who was stopped for longer than a lease learns that the run is another's, and takes nothing from it") {
  const TemporaryFolder folder;
  RunClaims slow(folder / "claims", kPatient);
  std::unique_ptr<RunClaim> claim = slow.take("run");
  REQUIRE(claim);
  write_strange_claim(folder / "claims/run.2.json"); // took it over
  CHECK(claim->lost());
  claim.reset();
  CHECK(fs::exists(folder / "claims/run.2.json"));
}

TEST_CASE("a claim beats, and one that was torn is one of nobody in the end") {
  const TemporaryFolder folder;
  {
    RunClaims claims(folder / "claims", {.beat = 1ms, .lease = 1h});
    const std::unique_ptr<RunClaim> claim = claims.take("run");
    const auto beats = [&] { return Json::parse(read_text_file(folder / "claims/run.1.json")).at("beat").get<int>(); };
    for (int i = 0; i < 1000 && beats() < 3; ++i)
      std::this_thread::sleep_for(5ms);
    CHECK(beats() >= 3);
  }
  fs::create_directories(folder / "claims");
  write_file_atomically(folder / "claims/run.1.json", "");
  RunClaims claims(folder / "claims", {.beat = 1h, .lease = 0ms});
  CHECK(claims.take("run"));
}
