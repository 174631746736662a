// `pack`, on a model of the demo as a checkpoint.
#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

class DemoCheckpoint {
public:
  DemoCheckpoint() {
    fs::create_directory(model());
    fs::copy_file(kDemo / "package/config.json", model() / "config.json");
    REQUIRE(
        run_command({"zstd", "-q", "-d", kDemo / "package/run_0.safetensors.zst", "-o", model() / "model.safetensors"})
            .status == 0);
  }

  ProgramResult pack(const std::vector<std::string>& options, const fs::path& vocabulary = kDemo / "base/spm.model") {
    std::vector<std::string> command = {"pack", "--models", model(), "--out", package(), "--tokenizer", vocabulary};
    command.insert(command.end(), options.begin(), options.end());
    return sciexam_run(command);
  }

  fs::path package() const { return folder_ / "package"; }
  fs::path operator/(const std::string& name) const { return folder_ / name; }

private:
  fs::path model() const { return folder_ / "model"; }

  TemporaryFolder folder_;
};

const std::vector<std::string> kAsBytes = {"--precision", "int8", "--calibration", kDemo / "exam.csv"};

} // namespace

TEST_CASE("a model is packed as int8, verified, and answers") {
  DemoCheckpoint checkpoint;
  const ProgramResult packed = checkpoint.pack(kAsBytes);
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  CHECK_THAT(packed.out, ContainsSubstring("1 model, int8"));
  CHECK_THAT(packed.err, ContainsSubstring("4 of 4 products as int8: of 15 questions 0 have another first guess"));
  const ProgramResult verified = sciexam_run({"verify", checkpoint.package()});
  CHECK(verified.status == 0);
  CHECK_THAT(verified.out, ContainsSubstring("computes the packed logits"));
  const fs::path submission = checkpoint / "submission.csv";
  CHECK(sciexam_run({"--package", checkpoint.package(), "--test", kDemo / "exam.csv", "--output", submission}).status ==
        0);
  CHECK_THAT(read_bytes(submission), ContainsSubstring("id,prediction\nsky,"));
}

TEST_CASE("int8 wants questions, and those of the package's template") {
  DemoCheckpoint checkpoint;
  const ProgramResult without = checkpoint.pack({"--precision", "int8"});
  CHECK(without.status == 2);
  CHECK_THAT(without.err, ContainsSubstring("Give a file of some hundred like the exam's with --calibration"));
  std::vector<std::string> options = kAsBytes;
  options.insert(options.end(), {"--template", "open_book"});
  const ProgramResult closed = checkpoint.pack(options);
  CHECK(closed.status == 2);
  CHECK_THAT(closed.err, ContainsSubstring("exam.csv: has no column context"));
  write_bytes(checkpoint / "empty.csv", "id,prompt,A,B,C,D,E\n");
  options = kAsBytes;
  options.back() = checkpoint / "empty.csv";
  CHECK(checkpoint.pack(options).status == 2);
  CHECK(!fs::exists(checkpoint.package()));
}

TEST_CASE("golden: a vocabulary with more tokens than the model is refused, in every precision", "[golden]") {
  const fs::path large = golden::folder() / "../deberta-v3/spm.model";
  if (!fs::exists(large))
    SKIP("no vocabulary in " << large);
  DemoCheckpoint checkpoint;
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, kAsBytes}) {
    const ProgramResult packed = checkpoint.pack(options, large);
    CHECK(packed.status == 2);
    CHECK_THAT(packed.err, ContainsSubstring("Give the vocabulary that the model was trained with"));
  }
}
