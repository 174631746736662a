#include "catch_beside_torch.hpp"
#include "model/runtime.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "train/job/lock.hpp"

#include <algorithm>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A lock with the weights of one run, and the outcome of training it again.
struct Locked {
  TemporaryFolder folder;
  TrainingRequest request;
  TrainingOutcome outcome;

  Locked() {
    request.device = "cpu"; // as resolved before anything is trained
    request.manifest.title = "t";
    request.manifest.base_name = "b";
    request.manifest.base_files = {{"config.json", {}}, {"spm.model", {}}};
    request.manifest.data = {{{"a.csv", {}}, {}, false, Template::closed_book}};
    request.manifest.runs.emplace_back().name = "run_0";
    request.program = "sciexam x";
    outcome.runs.emplace_back().name = "run_0";
    outcome.runs[0].weights_sha256 = std::string(64, 'a');
    outcome.lock = make_lock(request, Json::array(), Json::array(), nullptr, outcome, {});
  }
  LockComparison compare(const Json& lock) const {
    write_file_atomically(folder / "lock.json", lock.dump());
    return compare_with_lock(folder / "lock.json", outcome);
  }
};

bool has_line(const LockComparison& comparison, const std::string& part) {
  return std::any_of(comparison.lines.begin(), comparison.lines.end(),
                     [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

} // namespace

TEST_CASE("a lock that is older than the field minimum_isa asks for the AVX2 of its kernels") {
  const TrainingRequest request = request_of_lock(SCIEXAM_SOURCE_DIR "/tests/train/job/lock_without_minimum_isa.json");
  CHECK(request.manifest.isa == Isa::avx2);
  CHECK(request.threads == 1);
  CHECK(request.runs == std::vector<std::string>{"run_0", "run_1", "run_2"});
}

TEST_CASE("a lock records the chosen instruction set as the minimum, and that is what it asks for again") {
  Locked locked;
  CHECK(locked.outcome.lock["minimum_isa"] == isa_option(chosen_isa()));
  CHECK(locked.outcome.lock["manifest"]["isa"] == "native"); // the manifest named none
  if (isa_is_held_everywhere())
    CHECK(locked.outcome.lock["reproducible"] ==
          "the same weights come out on every CPU that has " + isa_name(chosen_isa()) + ", with 1 thread");
  write_file_atomically(locked.folder / "lock.json", locked.outcome.lock.dump());
  CHECK(request_of_lock(locked.folder / "lock.json").manifest.isa == chosen_isa());
  locked.request.manifest.runs[0].settings.bf16 = true;
  const Json in_bf16 = make_lock(locked.request, Json::array(), Json::array(), nullptr, locked.outcome, {});
  CHECK_THAT(in_bf16["reproducible"].get<std::string>(), ContainsSubstring("this kind of machine"));
}

TEST_CASE("where weights are equal, the comparison says no more, on whatever machine they were made") {
  const Locked locked;
  Json lock = locked.outcome.lock;
  lock["machine"]["cpu"] = "another";
  const LockComparison comparison = locked.compare(lock);
  CHECK(comparison.same);
  REQUIRE(comparison.lines.size() == 1);
  CHECK_THAT(comparison.lines[0], ContainsSubstring("run_0: the same weights, sha256 aaa"));
}

TEST_CASE("where weights differ, the comparison names the instruction set only if it differs") {
  const Locked locked;
  Json lock = locked.outcome.lock;
  lock["runs"][0]["weights_sha256"] = std::string(64, '0');
  lock["machine"]["kernels"] = "as an older version names them";
  LockComparison comparison = locked.compare(lock);
  CHECK(!comparison.same);
  CHECK(comparison.lines.size() == 1);
  CHECK(has_line(comparison, "run_0: DIFFERENT WEIGHTS"));
  const Isa other = chosen_isa() == Isa::avx512 ? Isa::avx2 : Isa::avx512;
  lock["minimum_isa"] = isa_option(other);
  lock["program"] = "sciexam y";
  comparison = locked.compare(lock);
  CHECK(has_line(comparison, "the instruction set differs: " + isa_name(chosen_isa()) + " here, in the lock " +
                                 isa_name(other) + ". Without --isa it is the lock's"));
  CHECK(has_line(comparison, "the machine differs: kernels "));
  CHECK(has_line(comparison, "the program differs: \"sciexam x\", in the lock \"sciexam y\""));
  lock.erase("minimum_isa");
  comparison = locked.compare(lock);
  CHECK(has_line(comparison, " here, in the lock unknown or several. --isa chooses one"));
}
