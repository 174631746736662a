// The whole way: checkpoints -> package -> submission.
#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "support/text/json.hpp"
#include "temporary_folder.hpp"

#include <cstdio>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

std::string tiny_exam() {
  return "id,prompt,A,B,C,D,E\nq1,What is water?,H2O,CO2,NaCl,,gold\nq2,\"Which, of these\nis a "
         "planet?\",Mars,Sun,Moon,Milky "
         "Way,Halley\n";
}

/// Runs under `prefix` (chroot, unshare ...) in a folder that holds nothing but binary, package and test.csv.
void check_bare_root(const fs::path& root, const std::vector<std::string>& prefix) {
  const fs::path& package = golden_package();
  fs::create_directories(root / "package");
  fs::copy(package, root / "package");
  fs::copy(program(), root / "sciexam-run");
  write_bytes(root / "test.csv", tiny_exam());
  std::vector<std::string> command = prefix;
  command.insert(command.end(),
                 {"/sciexam-run", "--package", "/package", "--test", "/test.csv", "--output", "/out.csv"});
  const ProgramResult bare = run_command(command);
  INFO(bare.err);
  REQUIRE(bare.status == 0);

  const TemporaryFolder usual;
  write_bytes(usual / "test.csv", tiny_exam());
  REQUIRE(sciexam_run({"--package", package, "--test", usual / "test.csv", "--output", usual / "out.csv"}).status == 0);
  CHECK(read_bytes(root / "out.csv") == read_bytes(usual / "out.csv"));
}

} // namespace

TEST_CASE("golden: the four ensembles' submissions are reproduced byte for byte", "[golden]") {
  for (const GoldenEnsemble& ensemble : golden_ensembles()) {
    const fs::path& package = golden_package(ensemble);
    const TemporaryFolder folder;
    for (const auto& [combine, file] :
         {std::pair("mean-logits", "submission_mean_logits.csv"),
          std::pair("mean-softmax", "submission_mean_softmax.csv"),
          std::pair("mean-plus-max", "submission_mean_plus_max.csv"), std::pair("vote", "submission_vote.csv")}) {
      const ProgramResult run = sciexam_run(
          {"--package", package, "--test", ensemble.exam, "--output", folder / "submission.csv", "--combine", combine});
      INFO(ensemble.folder << " " << combine << "\n" << run.err);
      REQUIRE(run.status == 0);
      CHECK(read_bytes(folder / "submission.csv") == read_bytes(ensemble.folder / file));
    }
  }
}

TEST_CASE("golden: repeat runs give the same bytes, probabilities too", "[golden]") {
  const fs::path& package = golden_package();
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", tiny_exam());
  for (const std::string run : {"1", "2"})
    REQUIRE(sciexam_run({"--package", package, "--test", folder / "test.csv", "--output", folder / (run + ".csv"),
                         "--probabilities", folder / (run + "p.csv")})
                .status == 0);
  CHECK(read_bytes(folder / "1.csv") == read_bytes(folder / "2.csv"));
  CHECK(read_bytes(folder / "1p.csv") == read_bytes(folder / "2p.csv"));
  CHECK_THAT(read_bytes(folder / "1p.csv"), ContainsSubstring("\nq2,ensemble,0."));
}

TEST_CASE("golden: it runs in an empty root", "[golden]") {
  if (!can_run_in_empty_root())
    SKIP("an empty root needs a static program and root privileges");
  const TemporaryFolder root;
  check_bare_root(root.path(), {"chroot", root.path()});
}

TEST_CASE("golden: it runs without a network", "[golden]") {
  if (!can_run_in_empty_root() || run_command({"unshare", "-n", "true"}).status != 0)
    SKIP("this needs a static program, and unshare -n root privileges");
  const TemporaryFolder root;
  check_bare_root(root.path(), {"unshare", "-n", "chroot", root.path()});
}

TEST_CASE("golden: a package without write permission is enough", "[golden]") {
  const fs::path& package = golden_package();
  const TemporaryFolder folder;
  fs::copy(package, folder / "package");
  for (const auto& entry : fs::directory_iterator(folder / "package"))
    fs::permissions(entry.path(), fs::perms::owner_read);
  fs::permissions(folder / "package", fs::perms::owner_read | fs::perms::owner_exec);
  write_bytes(folder / "test.csv", tiny_exam());
  const ProgramResult run = sciexam_run(
      {"--package", folder / "package", "--test", folder / "test.csv", "--output", folder / "submission.csv"});
  INFO(run.err);
  CHECK(run.status == 0);
  fs::permissions(folder / "package", fs::perms::owner_all);
}

TEST_CASE("golden: with one damaged model the others answer, and the exit status says so", "[golden]") {
  const TemporaryFolder folder;
  fs::copy(golden_package(), folder / "package");
  const fs::path damaged = folder / "package/run_1.safetensors.zst";
  std::string bytes = read_bytes(damaged);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(damaged, bytes);
  write_bytes(folder / "test.csv", tiny_exam());
  const ProgramResult run = sciexam_run(
      {"--package", folder / "package", "--test", folder / "test.csv", "--output", folder / "submission.csv"});
  CHECK(run.status == 3);
  CHECK_THAT(run.out, ContainsSubstring("degraded") && ContainsSubstring("run_1.safetensors.zst"));
  CHECK_THAT(run.out, ContainsSubstring("answered by 2 models"));
  const ProgramResult verified = sciexam_run({"verify", folder / "package"});
  CHECK(verified.status == 1);
  CHECK_THAT(verified.out, ContainsSubstring("DAMAGED"));
}

TEST_CASE("golden: an open-book question that is too long even without context is cut, counted and answered",
          "[golden]") {
  const TemporaryFolder folder;
  const ProgramResult packed = sciexam_run({"pack", "--models", golden_ensemble().folder / "model_0", "--tokenizer",
                                            golden_ensemble().vocabulary, "--out", folder / "package", "--template",
                                            "open_book", "--max-length", "32"});
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  std::string prompt = "What is water?";
  for (int i = 0; i < 40; ++i)
    prompt += " Think again.";
  write_bytes(folder / "test.csv", "id,prompt,A,B,C,D,E,context\nlong," + prompt +
                                       ",H2O,CO2,NaCl,O2,gold,Water is H2O.\nshort,Water?,a,b,c,d,e,Water is H2O.\n");
  const ProgramResult run = sciexam_run(
      {"--package", folder / "package", "--test", folder / "test.csv", "--output", folder / "submission.csv"});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("longer than max_length (32 tokens) even without") &&
                          ContainsSubstring("lost the end of prompt or option: 1 of 2\n"));
  CHECK_THAT(run.out, ContainsSubstring("answered by 1 model"));
}

TEST_CASE("golden: verify accepts an intact package and its numbers", "[golden]") {
  const ProgramResult run = sciexam_run({"verify", golden_package()});
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("computes the packed logits"));
}

TEST_CASE("golden: evaluate gives a table of models and ensembles", "[golden]") {
  for (const GoldenEnsemble& ensemble : golden_ensembles()) {
    if (&ensemble != &golden_ensemble() && !fs::exists(ensemble.folder / "report.json"))
      continue;
    const ProgramResult run = sciexam_run({"evaluate", "--package", golden_package(ensemble), "--test", ensemble.exam});
    INFO(run.err);
    CHECK(run.status == 0);
    const Json report = Json::parse(read_bytes(ensemble.folder / "report.json"));
    for (const auto& [name, row] :
         {std::pair("model_0", "run_0"), std::pair("model_1", "run_1"), std::pair("model_2", "run_2"),
          std::pair("mean_logits", "ensemble, mean-logits"), std::pair("mean_softmax", "ensemble, mean-softmax"),
          std::pair("mean_plus_max", "ensemble, mean-plus-max"), std::pair("vote", "ensemble, vote")}) {
      char line[64];
      std::snprintf(line, sizeof line, "%-29s%.4f", row, report.at(name).get<double>());
      CHECK_THAT(run.out, ContainsSubstring(line));
    }
  }
}

TEST_CASE("golden: tokenize prints the reference's ids", "[golden]") {
  const std::string vectors = read_bytes(golden::own() / "tokenizer/fast_train_pairs.jsonl");
  const Json row = Json::parse(vectors.substr(0, vectors.find('\n')));
  const ProgramResult run = sciexam_run({"tokenize", "--tokenizer", golden_ensemble().vocabulary},
                                        Json{{"text", row.at("text")}, {"pair", row.at("pair")}}.dump() + "\n");
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(Json::parse(run.out) == Json{{"ids", row.at("ids")}});
}
