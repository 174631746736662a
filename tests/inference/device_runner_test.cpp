// The demo's models on an emulated GPU, and on the CPU beside it.
#include "catch_beside_torch.hpp"
#include "inference/answering.hpp"
#include "inference/device_check.hpp"
#include "inference/device_runner.hpp"

#include <cstdlib>
#include <numeric>

using namespace sciexam;

namespace {

constexpr std::size_t kQuestions = 12;
constexpr float kClear = 5e-3F; // logits that are closer may change places: f16 is not f32

/// A model of the demo's package on one device.
struct DeviceAndCpu {
  DeviceAndCpu() {
    device.facts();
    REQUIRE(runner.load(0));
  }

  std::vector<OptionLogits> answer() {
    std::vector<std::size_t> batch(kQuestions);
    std::iota(batch.begin(), batch.end(), std::size_t{0});
    const auto logits = runner.answer(batch, 512, [] { return false; });
    REQUIRE(logits);
    return *logits;
  }

  const std::filesystem::path demo = std::filesystem::path(SCIEXAM_SOURCE_DIR) / "src/demo";
  const int set = ::setenv("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER, 1); // for the helper
  const Package package = Package::open(demo / "package");
  const Tokenizer tokenizer = Tokenizer::from_bytes(package.vocabulary(), "spm.model");
  const std::vector<Question> questions = [this] {
    std::vector<Question> all = read_exam(demo / "exam.csv").questions;
    all.resize(kQuestions);
    return all;
  }();
  const std::vector<EncodedQuestion> encoded = encode_questions(tokenizer, questions, package.template_options(), 1);
  std::vector<std::string> failures;
  CpuRunner cpu{package, tokenizer, questions, encoded, 1, Precision::as_stored, failures};
  DeviceProcess device{0, {}, 60};
  DeviceRunner runner{package, encoded, cpu, {&device}, {.cpu_token_budget = kTokenBudget}};
};

} // namespace

TEST_CASE("where time is short the CPU answers its share beside a GPU, elsewhere none, in the same order") {
  DeviceAndCpu run;
  const std::vector<OptionLogits> by_device = run.answer();
  CHECK(run.runner.answers_of_cpu() == 0);
  run.runner.hurry();
  const std::vector<OptionLogits> by_both = run.answer();
  CHECK(run.runner.answers_of_cpu() > 0);
  CHECK(run.runner.answers_of_cpu() < kQuestions);
  std::size_t different = 0;
  for (std::size_t q = 0; q < kQuestions; ++q) {
    INFO("question " << q);
    different += by_both[q] != by_device[q];
    CHECK(compare_logits(by_both[q], std::vector<double>(by_device[q].begin(), by_device[q].end())).pass());
    for (std::size_t a = 0; a < kOptions; ++a)
      for (std::size_t b = 0; b < kOptions; ++b)
        CHECK((by_device[q][a] < by_device[q][b] + kClear || by_both[q][a] > by_both[q][b]));
  }
  CHECK(different == run.runner.answers_of_cpu());
}
