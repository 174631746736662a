// The small package's models on two emulated GPUs, and on the CPU beside them.
#include "catch_beside_torch.hpp"
#include "inference/answering.hpp"
#include "inference/device_check.hpp"
#include "inference/device_runner.hpp"
#include "inference/token_batches.hpp"
#include "temporary_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;

namespace {

constexpr std::size_t kQuestions = 12;
constexpr double kShort = 60;   // seconds: a limit with which nothing is compared with the CPU, so it loads no model
constexpr float kClear = 5e-3F; // logits that are closer may change places: f16 is not f32

/// The first model of a copy of the small package on two devices.
struct DevicesAndCpu {
  explicit DevicesAndCpu(std::optional<double> limit = {},
                         const std::function<void(std::vector<Question>&)>& change = nullptr)
      : time_limit(limit), change_exam(change) {
    for (DeviceProcess* one : {&device, &second})
      one->facts();
    REQUIRE(runner.load(0));
  }

  std::vector<OptionLogits> answer() {
    std::vector<std::size_t> batch(kQuestions);
    std::iota(batch.begin(), batch.end(), std::size_t{0});
    const BatchAnswers answers = runner.answer(batch, 512, [] { return false; });
    REQUIRE(answers.end == BatchAnswers::End::complete);
    std::vector<OptionLogits> logits;
    for (const auto& of_question : answers.logits)
      logits.push_back(of_question.value());
    return logits;
  }

  BatchAnswers ask() {
    std::vector<std::size_t> batch(questions.size());
    std::iota(batch.begin(), batch.end(), std::size_t{0});
    return runner.answer(batch, 10'000, [] { return false; });
  }

  std::optional<double> time_limit;
  std::function<void(std::vector<Question>&)> change_exam;
  const std::filesystem::path tests = std::filesystem::path(SCIEXAM_SOURCE_DIR) / "tests";
  const int set = ::setenv("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER, 1), // for the helpers
      set_devices = ::setenv("SCIEXAM_EMULATED_DEVICES", "2", 1);
  const test::TemporaryFolder folder;
  const std::filesystem::path files = [this] {
    std::filesystem::copy(tests / "small_package", folder / "package");
    return folder / "package";
  }();
  const Package package = Package::open(files);
  const Tokenizer tokenizer = Tokenizer::from_bytes(package.vocabulary(), "spm.model");
  const std::vector<Question> questions = [this] {
    std::vector<Question> all = read_exam(tests / "small_exam.csv").questions;
    all.resize(kQuestions);
    if (change_exam)
      change_exam(all);
    return all;
  }();
  const std::vector<EncodedQuestion> encoded = encode_questions(tokenizer, questions, package.template_options(), 1);
  std::vector<std::string> failures;
  CpuRunner cpu{
      package, {questions, encoded, tokenizer, package.template_options()}, 1, Precision::as_stored, failures};
  DeviceProcess device{0, {}, 60}, second{1, {}, 60};
  DeviceRunner runner{
      package, encoded, cpu, {&device, &second}, {.time_limit = time_limit, .cpu_token_budget = kTokenBudget}};
};

} // namespace

TEST_CASE("where time is short the CPU answers its share alongside the GPUs, otherwise none, in the same order") {
  DevicesAndCpu run;
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

namespace {

/// One question that fits on no device.
void lengthen_second(std::vector<Question>& questions) {
  for (int i = 0; i < 1800; ++i)
    questions[1].prompt += " gas";
}

} // namespace

TEST_CASE(
    "a question that the CPU alone could answer is missing where the CPU cannot load the model, and no other is") {
  DevicesAndCpu run(kShort, lengthen_second);
  std::filesystem::remove(run.files / "run_0.safetensors.zst"); // the devices have it
  for (int round = 0; round < 2; ++round) {
    const BatchAnswers answers = run.ask();
    CHECK(answers.end == BatchAnswers::End::impossible);
    CHECK_THAT(answers.why, Catch::Matchers::ContainsSubstring("does not fit on a GPU") &&
                                Catch::Matchers::ContainsSubstring("run_0.safetensors.zst"));
    REQUIRE(answers.logits.size() == kQuestions);
    for (std::size_t q = 0; q < kQuestions; ++q)
      CHECK(answers.logits[q].has_value() == (q != 1));
  }
  CHECK(run.failures.empty());
}

TEST_CASE("where all GPUs are lost and the CPU cannot load the model, the model is lost, and the GPUs are named") {
  DevicesAndCpu run(kShort);
  std::filesystem::remove(run.files / "run_0.safetensors.zst");
  for (DeviceProcess* device : {&run.device, &run.second})
    CHECK_THROWS_AS(device->finish_loading(false), DeviceError); // nothing came since the last time: the helper ends
  const BatchAnswers answers = run.ask();
  CHECK(answers.end == BatchAnswers::End::model_lost);
  CHECK(run.runner.lost().size() == 2);
  CHECK_FALSE(run.runner.load(0));
  CHECK(run.failures.size() == 1);
}
