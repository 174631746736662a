#include "end_to_end/golden_package.hpp"

#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "temporary_folder.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>

namespace sciexam::test {

namespace fs = std::filesystem;

const std::vector<GoldenEnsemble>& golden_ensembles() {
  static const std::vector<GoldenEnsemble> all = [] {
    std::vector<GoldenEnsemble> found;
    for (const fs::path& source : golden::sources()) {
      const fs::path folder = source / "e2e", own_exam = folder / "exam.csv";
      if (source == golden::own() || fs::exists(folder / "model_0" / "config.json"))
        found.push_back({folder, golden::vocabulary(source),
                         fs::exists(own_exam) ? own_exam : source / ".." / "data" / "train.csv"});
    }
    return found;
  }();
  return all;
}

const GoldenEnsemble& golden_ensemble() {
  return golden_ensembles().front();
}

const fs::path& golden_package(const GoldenEnsemble& ensemble) {
  static const TemporaryFolder folder;
  static std::map<fs::path, fs::path> packages;
  fs::path& package = packages[ensemble.folder];
  if (package.empty()) {
    const fs::path made = folder / ("package_" + std::to_string(packages.size()));
    const ProgramResult packed =
        sciexam_run({"pack", "--models", ensemble.folder / "model_0", ensemble.folder / "model_1",
                     ensemble.folder / "model_2", "--tokenizer", ensemble.vocabulary, "--out", made});
    INFO(packed.err);
    REQUIRE(packed.status == 0);
    package = made;
  }
  return package;
}

} // namespace sciexam::test
