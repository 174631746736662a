#include "answer/answer_exam.hpp"
#include "catch_beside_torch.hpp"
#include "exam/submission.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

const fs::path kSmallPackage = fs::path(SCIEXAM_SOURCE_DIR) / "tests/small_package";
const fs::path kSmallExam = fs::path(SCIEXAM_SOURCE_DIR) / "tests/small_exam.csv";
constexpr std::string_view kExam = "id,prompt,A,B,C,D,E\nq1,What is water?,H2O,carbon,salt,gold,air\n";

AnswerRequest request_in(const fs::path& folder, const fs::path& test) {
  return {.program = "test",
          .package = kSmallPackage,
          .test = test,
          .output = folder / "submission.csv",
          .time_limit = 600,
          .devices = parse_device_choice("cpu")};
}

void write(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

} // namespace

TEST_CASE("a run leaves a complete submission, and says which models answered") {
  const TemporaryFolder folder;
  const AnswerOutcome outcome = answer_exam(request_in(folder.path(), kSmallExam));
  CHECK(outcome.answers.models.size() == 3);
  CHECK(outcome.degradations.empty());
  CHECK(outcome.submission == folder / "submission.csv");
  const std::vector<Ranking> written = read_submission(outcome.submission, outcome.exam.questions);
  const std::vector<Ranking> combined =
      combine_answers(outcome.answers.models, outcome.exam.questions, Combine::mean_softmax);
  for (std::size_t q = 0; q < written.size(); ++q)
    CHECK(format_prediction(written[q]) == format_prediction(combined[q]));
}

TEST_CASE("a faulty request is refused before a submission is written") {
  const TemporaryFolder folder;
  AnswerRequest request = request_in(folder.path(), kSmallExam);
  SECTION("weights for other models") {
    request.weights = {1, 2};
    CHECK_THROWS_WITH(answer_exam(request), ContainsSubstring("--weights has 2 numbers"));
  }
  SECTION("no package") {
    request.package = folder / "nothing";
    CHECK_THROWS_AS(answer_exam(request), UsageError);
  }
  SECTION("no exam") {
    request.test = folder / "nothing.csv";
    CHECK_THROWS_AS(answer_exam(request), UsageError);
  }
  CHECK_FALSE(fs::exists(folder / "submission.csv"));
}

TEST_CASE("a run reports what was wrong with a package when it was opened, even if it has been repaired since") {
  const TemporaryFolder folder;
  fs::copy(kSmallPackage, folder / "package");
  write(folder / "package/manifest.json", "{\"format\": \"sciexam-package\", damaged");
  // The exam comes through a pipe, so that the package can change between its opening and the answers.
  const fs::path pipe = folder / "exam.csv";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  AnswerRequest request = request_in(folder.path(), pipe);
  request.package = folder / "package";
  const std::jthread writer([&] {
    std::ofstream exam(pipe, std::ios::binary); // returns when the run opens the exam
    fs::copy(kSmallPackage / "manifest.json", folder / "package/manifest.json", fs::copy_options::overwrite_existing);
    exam << kExam;
  });
  CHECK_THROWS_AS(answer_exam(request), PackageError);
  CHECK(read_text_file(folder / "submission.csv") == "id,prediction\nq1,B C D\n");
}
