// Where inputs are found when the command line does not name them.
#include "end_to_end/kaggle_root.hpp"
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace fs = std::filesystem;

TEST_CASE("environment variables name package, test and output") {
  const TemporaryFolder folder;
  write_bytes(folder / "exam.csv", exam_of("named"));
  const ProgramResult run =
      run_command({program()}, {},
                  {"SCIEXAM_PACKAGE=" + (kSmallPackage).string(), "SCIEXAM_TEST=" + (folder / "exam.csv").string(),
                   "SCIEXAM_OUTPUT=" + (folder / "out.csv").string()});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(read_bytes(folder / "out.csv"), ContainsSubstring("named,"));
}

TEST_CASE("an option wins over an environment variable") {
  const TemporaryFolder folder;
  write_bytes(folder / "exam.csv", exam_of("named"));
  write_bytes(folder / "other.csv", exam_of("other"));
  const ProgramResult run =
      run_command({program(), "--test", folder / "other.csv", "--output", folder / "out.csv"}, {},
                  {"SCIEXAM_PACKAGE=" + (kSmallPackage).string(), "SCIEXAM_TEST=" + (folder / "exam.csv").string()});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(read_bytes(folder / "out.csv"), ContainsSubstring("other,"));
}

TEST_CASE("package and test.csv beside the binary are found") {
  const TemporaryFolder folder;
  fs::copy(kSmallPackage, folder.path());
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

TEST_CASE("inputs are found in all layouts of Kaggle's mounts, without an executable bit") {
  KaggleRoot::require_root();
  for (const auto& [package, exam] :
       {std::pair("sciexam-run", "kaggle-llm-science-exam"),
        std::pair("datasets/somebody/sciexam-run", "competitions/kaggle-llm-science-exam"),
        std::pair("datasets/somebody/sciexam-run/versions/3", "competitions/kaggle-llm-science-exam"),
        std::pair("datasets/somebody/sciexam-run/upload", "kaggle-llm-science-exam")}) {
    const KaggleRoot root;
    root.add_package(package);
    root.add_exam(exam, "found");
    root.add_exam("another-dataset", "wrong"); // sorts first; not a competition
    fs::create_directories(root / "kaggle/input/aaa");
    write_bytes(root / "kaggle/input/aaa/manifest.json", "{\"format\": \"something else\"}");
    const ProgramResult run = root.run();
    INFO(package << "\n" << run.out << run.err);
    CHECK(run.status == 0);
    CHECK_THAT(read_bytes(root / "kaggle/working/submission.csv"), ContainsSubstring("found,"));
    CHECK_THAT(run.err, ContainsSubstring(package) && ContainsSubstring("the only one under /kaggle/input") &&
                            ContainsSubstring("the first of 2 under /kaggle/input"));
  }
}

TEST_CASE("weights that were unpacked on the way are used, also in a folder of their name") {
  KaggleRoot::require_root();
  const KaggleRoot root;
  root.add_package("sciexam-run");
  root.add_exam("kaggle-llm-science-exam", "found");
  const fs::path package = root / "kaggle/input/sciexam-run";
  const std::string packed = read_bytes(package / "run_0.safetensors.zst");
  REQUIRE(run_command({"zstd", "-q", "-d", "--rm", package / "run_0.safetensors.zst"}).status == 0);
  REQUIRE(run_command({"zstd", "-q", "-d", "--rm", package / "run_1.safetensors.zst"}).status == 0);
  fs::rename(package / "run_1.safetensors", package / "plain");
  fs::create_directory(package / "run_1.safetensors.zst");
  fs::rename(package / "plain", package / "run_1.safetensors.zst/run_1.safetensors");
  const ProgramResult run = root.run();
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("answered by 3 models"));
  CHECK(root.run({"verify"}).status == 0);
}

TEST_CASE("a damaged package among others is passed over with a warning") {
  KaggleRoot::require_root();
  const KaggleRoot root;
  root.add_package("old");
  root.add_package("other");
  root.add_exam("kaggle-llm-science-exam", "found");
  const fs::path manifest = root / "kaggle/input/other/manifest.json";
  fs::resize_file(manifest, fs::file_size(manifest) / 2);
  const ProgramResult run = root.run();
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("package passed over: /kaggle/input/other/manifest.json"));
}

TEST_CASE("golden: of several versions the highest is used, by number, and an explicit choice wins", "[golden]") {
  KaggleRoot::require_root();
  const KaggleRoot root;
  root.add_version("datasets/me/a", "10");
  root.add_version("datasets/me/b", "9");
  root.add_exam("competitions/kaggle-llm-science-exam", "found");
  const ProgramResult run = root.run({"doctor"});
  INFO(run.out << run.err);
  CHECK_THAT(run.out,
             ContainsSubstring("/kaggle/input/datasets/me/a (the highest version, 10, of 2 under /kaggle/input; "
                               "not used: /kaggle/input/datasets/me/b (version 9). --package chooses another)"));
  const ProgramResult chosen = root.run({"doctor", "--package", "/kaggle/input/datasets/me/b"});
  CHECK_THAT(chosen.out, ContainsSubstring("version 9 (1 model,") && ContainsSubstring("(given)"));
}

TEST_CASE("on Kaggle an earlier submission is removed before a run can be refused, but not one that is named") {
  KaggleRoot::require_root();
  const KaggleRoot root;
  root.add_package("sciexam-run");
  const fs::path submission = root / "kaggle/working/submission.csv";
  write_bytes(submission, "id,prediction\n");
  CHECK(root.run({"--output", "/kaggle/working/submission.csv"}).status == 2);
  CHECK(fs::exists(submission));
  CHECK(root.run({"--precision", "bf16", "--device", "cuda"}).status == 2);
  CHECK(!fs::exists(submission));
  write_bytes(submission, "id,prediction\n");
  CHECK_THAT(root.run().err, ContainsSubstring("no test.csv was found"));
  CHECK(!fs::exists(submission));
}

TEST_CASE("a run that fails says so loudly, and that its submission is whole") {
  KaggleRoot::require_root();
  const KaggleRoot root;
  root.add_package("sciexam-run");
  root.add_exam("kaggle-llm-science-exam", "found");
  write_bytes(root / "kaggle/input/sciexam-run/manifest.json", "{\"format\": \"sciexam-package\"");
  const ProgramResult run = root.run();
  CHECK(run.status == 1);
  CHECK_THAT(run.err, ContainsSubstring("THE RUN FAILED. /kaggle/working/submission.csv is a complete submission"));
  CHECK_THAT(read_bytes(root / "kaggle/working/submission.csv"), ContainsSubstring("found,"));
}
