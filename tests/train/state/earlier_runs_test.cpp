#include "catch_beside_torch.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "train/state/earlier_runs.hpp"

#include <vector>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  write_file_atomically(file, text);
}

/// An output folder with run_0 after `step`.
fs::path output_with_state(const TemporaryFolder& folder, const std::string& name, int step,
                           const std::string& identity = "this") {
  write(folder / (name + "/run_0/resume/state_" + std::to_string(step) + ".json"),
        R"({"identity": ")" + identity + R"("})");
  return folder / name;
}

} // namespace

TEST_CASE("of earlier outputs the run that has finished is taken over, else the one that got farthest") {
  const TemporaryFolder folder;
  std::vector<fs::path> outputs = {folder / "none", output_with_state(folder, "ten", 10)};
  CHECK(!find_earlier_run(outputs, "run_1", "this"));
  outputs.push_back(output_with_state(folder, "twelve", 12));
  outputs.push_back(output_with_state(folder, "nine", 9));
  CHECK(find_earlier_run(outputs, "run_0", "this")->folder == folder / "twelve/run_0");
  CHECK(find_earlier_run(outputs, "run_0", "this")->step == 12);
  write(folder / "done/run_0/result.json", R"({"identity": "this"})");
  outputs.push_back(folder / "done");
  outputs.push_back(output_with_state(folder, "last", 99));
  CHECK(find_earlier_run(outputs, "run_0", "this")->finished);
}

TEST_CASE("an earlier output of another training is refused, unless there is one of this training too") {
  const TemporaryFolder folder;
  std::vector<fs::path> outputs = {output_with_state(folder, "other", 10, "that")};
  CHECK_THROWS_AS(find_earlier_run(outputs, "run_0", "this"), UsageError);
  CHECK_THROWS_WITH(find_earlier_run(outputs, "run_0", "this"),
                    ContainsSubstring("other/run_0: an earlier output, but of a run with another manifest"));
  outputs.push_back(output_with_state(folder, "own", 3));
  CHECK(find_earlier_run(outputs, "run_0", "this")->folder == folder / "own/run_0");
  write(folder / "torn/run_0/resume/state_20.json", "{");
  outputs.push_back(folder / "torn"); // says nothing
  CHECK(find_earlier_run(outputs, "run_0", "this")->step == 3);
}

TEST_CASE(
    "a run is copied from a read-only folder to one that may be written to, also over a copy that was cut short") {
  const TemporaryFolder folder;
  write(folder / "in/run_0/log.jsonl", "{}\n");
  write(folder / "in/run_0/last/model.safetensors", "weights");
  write(folder / "out/.run_0.copy/half", "cut short");
  for (const char* name : {"in/run_0/log.jsonl", "in/run_0/last/model.safetensors"})
    fs::permissions(folder / name, fs::perms::owner_read);
  for (const char* name : {"in/run_0", "in/run_0/last"})
    fs::permissions(folder / name, fs::perms::owner_read | fs::perms::owner_exec);
  copy_run(folder / "in/run_0", folder / "out/run_0");
  CHECK(read_text_file(folder / "out/run_0/last/model.safetensors") == "weights");
  for (const char* name : {"out/run_0", "out/run_0/last", "out/run_0/log.jsonl", "out/run_0/last/model.safetensors"})
    CHECK((fs::status(folder / name).permissions() & fs::perms::owner_write) != fs::perms::none);
  CHECK(!fs::exists(folder / "out/.run_0.copy"));
  CHECK(!fs::exists(folder / "out/run_0/half"));
  CHECK_THROWS_AS(copy_run(folder / "nowhere", folder / "out/run_1"), WorkError);
  CHECK(!fs::exists(folder / "out/run_1"));
}
