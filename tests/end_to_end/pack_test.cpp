// `pack`, on a model of the small package as a checkpoint.
#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"

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
    fs::copy_file(kSmallPackage / "config.json", model() / "config.json");
    REQUIRE(
        run_command({"zstd", "-q", "-d", kSmallPackage / "run_0.safetensors.zst", "-o", model() / "model.safetensors"})
            .status == 0);
  }

  ProgramResult pack(const std::vector<std::string>& options,
                     const fs::path& vocabulary = kSmallPackage / "spm.model") {
    std::vector<std::string> command = {"pack", "--models", model(), "--out", package(), "--tokenizer", vocabulary};
    command.insert(command.end(), options.begin(), options.end());
    return sciexam_run(command);
  }

  /// Without --tokenizer: the vocabulary lies in the model's folder.
  ProgramResult pack_own() { return sciexam_run({"pack", "--models", model(), "--out", package()}); }
  void put(const std::string& name, const std::string& text) const { write_file_atomically(model() / name, text); }

  fs::path package() const { return folder_ / "package"; }
  fs::path operator/(const std::string& name) const { return folder_ / name; }

private:
  fs::path model() const { return folder_ / "model"; }

  TemporaryFolder folder_;
};

const std::vector<std::string> kAsInt8 = {"--precision", "int8", "--calibration", kSmallExam};

} // namespace

TEST_CASE("a model is packed as int8, verified, and answers") {
  DemoCheckpoint checkpoint;
  const ProgramResult packed = checkpoint.pack(kAsInt8);
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  CHECK_THAT(packed.out, ContainsSubstring("1 model, int8"));
  CHECK_THAT(packed.err,
             ContainsSubstring("4 of 4 products as int8: of 15 questions the first guess differs for 0 and"));
  const ProgramResult verified = sciexam_run({"verify", checkpoint.package()});
  CHECK(verified.status == 0);
  CHECK_THAT(verified.out, ContainsSubstring("computes the packed logits"));
  const fs::path submission = checkpoint / "submission.csv";
  CHECK(sciexam_run({"--package", checkpoint.package(), "--test", kSmallExam, "--output", submission}).status == 0);
  CHECK_THAT(read_bytes(submission), ContainsSubstring("id,prediction\nsky,"));
}

TEST_CASE("int8 needs questions that fit the package's template") {
  DemoCheckpoint checkpoint;
  const ProgramResult without = checkpoint.pack({"--precision", "int8"});
  CHECK(without.status == 2);
  CHECK_THAT(without.err, ContainsSubstring("Give a file of a few hundred like the exam's with --calibration"));
  std::vector<std::string> options = kAsInt8;
  options.insert(options.end(), {"--template", "open_book"});
  const ProgramResult closed = checkpoint.pack(options);
  CHECK(closed.status == 2);
  CHECK_THAT(closed.err, ContainsSubstring("exam.csv: has no column context"));
  write_bytes(checkpoint / "empty.csv", "id,prompt,A,B,C,D,E\n");
  options = kAsInt8;
  options.back() = checkpoint / "empty.csv";
  CHECK(checkpoint.pack(options).status == 2);
  CHECK(!fs::exists(checkpoint.package()));
}

TEST_CASE("a vocabulary is found beside the model, and gives the same package as naming it") {
  DemoCheckpoint named, own;
  own.put("spm.model", read_bytes(kSmallPackage / "spm.model"));
  own.put("tokenizer_config.json", R"({"do_lower_case": false, "truncation_side": "left"})");
  REQUIRE(named.pack({}).status == 0);
  const ProgramResult packed = own.pack_own();
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  CHECK_THAT(packed.err, ContainsSubstring("these settings have no effect here: truncation_side"));
  CHECK(read_bytes(own.package() / "manifest.json") == read_bytes(named.package() / "manifest.json"));
}

TEST_CASE("a tokenizer.json beside the model goes into its package, which answers") {
  DemoCheckpoint checkpoint;
  const fs::path spm = kSmallPackage / "spm.model";
  TokenizerDefinition definition = parse_tokenizer(read_bytes(spm), spm);
  definition.normalizer = {Compose{}, Strip{.left = false, .right = true}};
  checkpoint.put("tokenizer.json", write_tokenizer_json(definition));
  CHECK(checkpoint.pack({}).status == 2); // this spm.model gives other ids
  const ProgramResult packed = checkpoint.pack_own();
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  CHECK(fs::exists(checkpoint.package() / "tokenizer.json"));
  CHECK_FALSE(fs::exists(checkpoint.package() / "spm.model"));
  CHECK(sciexam_run({"verify", checkpoint.package()}).status == 0);
  CHECK(
      sciexam_run({"--package", checkpoint.package(), "--test", kSmallExam, "--output", checkpoint / "submission.csv"})
          .status == 0);
}

TEST_CASE("a model without a vocabulary beside it needs one to be named") {
  DemoCheckpoint checkpoint;
  const ProgramResult packed = checkpoint.pack_own();
  CHECK(packed.status == 2);
  CHECK_THAT(packed.err, ContainsSubstring("neither tokenizer.json nor spm.model") && ContainsSubstring("--tokenizer"));
}

TEST_CASE("tokens that were added beside spm.model are not dropped") {
  DemoCheckpoint checkpoint;
  checkpoint.put("spm.model", read_bytes(kSmallPackage / "spm.model"));
  checkpoint.put("special_tokens_map.json", R"({"additional_special_tokens": ["[CTX]"]})");
  const ProgramResult packed = checkpoint.pack_own();
  CHECK(packed.status == 2);
  CHECK_THAT(packed.err, ContainsSubstring("[CTX]"));
}

TEST_CASE("golden: a vocabulary with more tokens than the model is refused, in every precision", "[golden]") {
  const fs::path large = golden::vocabulary(golden::own());
  DemoCheckpoint checkpoint;
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, kAsInt8}) {
    const ProgramResult packed = checkpoint.pack(options, large);
    CHECK(packed.status == 2);
    CHECK_THAT(packed.err, ContainsSubstring("Give the vocabulary that the model was trained with"));
  }
}
