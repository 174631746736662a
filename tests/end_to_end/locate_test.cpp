// Where inputs are found when the command line does not name them.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

const fs::path kDemo = fs::path(SCIEXAM_SOURCE_DIR) / "src/demo";

std::string exam_of(const std::string& id) {
  return "id,prompt,A,B,C,D,E\n" + id + ",What is water?,H2O,CO2,NaCl,gold,air\n";
}

} // namespace

TEST_CASE("environment variables name package, test and output") {
  const TemporaryFolder folder;
  write_bytes(folder / "exam.csv", exam_of("named"));
  const ProgramResult run =
      run_command({program()}, {},
                  {"SCIEXAM_PACKAGE=" + (kDemo / "package").string(), "SCIEXAM_TEST=" + (folder / "exam.csv").string(),
                   "SCIEXAM_OUTPUT=" + (folder / "out.csv").string()});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(read_bytes(folder / "out.csv"), ContainsSubstring("named,"));
}

TEST_CASE("an option wins over an environment variable") {
  const TemporaryFolder folder;
  write_bytes(folder / "exam.csv", exam_of("named"));
  write_bytes(folder / "other.csv", exam_of("other"));
  const ProgramResult run = run_command(
      {program(), "--test", folder / "other.csv", "--output", folder / "out.csv"}, {},
      {"SCIEXAM_PACKAGE=" + (kDemo / "package").string(), "SCIEXAM_TEST=" + (folder / "exam.csv").string()});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(read_bytes(folder / "out.csv"), ContainsSubstring("other,"));
}

TEST_CASE("package and test.csv beside the binary are found") {
  const TemporaryFolder folder;
  fs::copy(kDemo / "package", folder.path());
  fs::copy_file(program(), folder / "sciexam-run");
  write_bytes(folder / "test.csv", exam_of("beside"));
  const ProgramResult run = run_command({folder / "sciexam-run", "--output", folder / "out.csv"});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(read_bytes(folder / "out.csv"), ContainsSubstring("beside,"));
}

TEST_CASE("a program with nothing beside it says where it looked") {
  const TemporaryFolder folder;
  fs::copy_file(program(), folder / "sciexam-run");
  const ProgramResult run = run_command({"env", "-C", folder.path(), folder / "sciexam-run"});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, ContainsSubstring("manifest.json") && ContainsSubstring("--package") &&
                          ContainsSubstring(folder.path().string()));
}
