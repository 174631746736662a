#include "end_to_end/golden_package.hpp"

#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>

namespace sciexam::test {

namespace fs = std::filesystem;

fs::path shared(const std::string& name) {
  return golden::folder() / ".." / name;
}

const fs::path& golden_package() {
  static const TemporaryFolder folder;
  static const fs::path package = folder / "package";
  const fs::path models = golden::folder() / "e2e";
  if (!fs::exists(models / "model_0" / "config.json"))
    SKIP("no end-to-end reference in " << models);
  if (!fs::exists(package)) {
    const ProgramResult packed =
        sciexam_run({"pack", "--models", models / "model_0", models / "model_1", models / "model_2", "--tokenizer",
                     shared("deberta-v3/spm.model"), "--out", package});
    INFO(packed.err);
    REQUIRE(packed.status == 0);
  }
  return package;
}

} // namespace sciexam::test
