#include "catch_beside_torch.hpp"
#include "support/errors.hpp"
#include "train/lesson.hpp"

#include <filesystem>

using namespace sciexam;
using namespace sciexam::test;

namespace fs = std::filesystem;

TEST_CASE("a finished run is recognised, and refused if its weights were changed") {
  const Lesson lesson;
  const RunResult result = lesson.run(quick_settings(), "run");
  const auto found = finished_run(lesson.folder / "run", "identity");
  REQUIRE(found);
  CHECK(to_json(*found) == to_json(result));
  CHECK_THROWS_AS(finished_run(lesson.folder / "run", "other"), UsageError);
  fs::resize_file(lesson.folder / ("run/" + result.result + "/model.safetensors"), 100);
  CHECK_THROWS_AS(finished_run(lesson.folder / "run", "identity"), UsageError);
  CHECK(!finished_run(lesson.folder / "elsewhere", "identity"));
}
