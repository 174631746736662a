// Runs that stop on the way and are resumed.
#include "catch_beside_torch.hpp"
#include "model/tiny_networks.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/lesson.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace fs = std::filesystem;

TEST_CASE("a stopped run resumes to the same weights") {
  Lesson lesson;
  const TrainingSet usual = lesson.train, several = lesson.with_contexts();
  for (const char* variation : {"plain", "average", "adversary", "contexts", "teacher"}) {
    INFO(variation);
    TrainingSettings settings = quick_settings();
    lesson.train = usual;
    if (std::string(variation) == "contexts") {
      settings.contexts_per_question = 3;
      lesson.train = several;
    }
    if (std::string(variation) == "teacher") {
      settings.distillation_alpha = 0.5;
      settings.distillation_logit_weight = 0.1;
      lesson.train = lesson.with_teacher();
    }
    if (std::string(variation) == "average")
      settings.ema_decay = 0.9;
    if (std::string(variation) == "adversary") {
      settings.awp_lr = 0.1;
      settings.awp_start_epoch = 0;
    }
    const RunResult whole = lesson.run(settings, std::string("whole_") + variation);
    // A token beyond the vocabulary ends the run on its way.
    const std::string name = std::string("stopped_") + variation;
    RunRequest request = lesson.request(settings, name);
    const TrainingSet broken = lesson.broken();
    request.train = &broken;
    CHECK_THROWS(Lesson::run(request));
    request.train = &lesson.train;
    request.resume = true;
    const RunResult resumed = Lesson::run(request);
    CHECK(resumed.weights_sha256 == whole.weights_sha256);
    CHECK(resumed.best_step == whole.best_step);
  }
}

TEST_CASE("a torn state is skipped: the run begins anew") {
  const std::string torn = GENERATE(".safetensors", ".json");
  CAPTURE(torn);
  Lesson lesson;
  const TrainingSettings settings = quick_settings();
  const RunResult whole = lesson.run(settings, "whole");
  RunRequest request = lesson.request(settings, "torn");
  const TrainingSet broken = lesson.broken();
  request.train = &broken;
  CHECK_THROWS(Lesson::run(request));
  std::vector<fs::path> states;
  for (const auto& entry : fs::directory_iterator(lesson.folder / "torn/resume"))
    if (entry.path().extension() == torn)
      states.push_back(entry.path());
  REQUIRE(states.size() == 1);
  fs::resize_file(states.back(), fs::file_size(states.back()) / 2);
  request.train = &lesson.train;
  request.resume = true;
  CHECK(Lesson::run(request).weights_sha256 == whole.weights_sha256);
}

TEST_CASE("states are written by time where that is asked for, and not by steps") {
  Lesson lesson;
  const TrainingSet broken = lesson.broken(); // ends the run in its seventh step
  const auto saved = [&](const std::string& name, double minutes) {
    RunRequest request = lesson.request(quick_settings(), name); // a state every fourth step
    request.train = &broken;
    request.save_minutes = minutes;
    CHECK_THROWS(Lesson::run(request));
    return fs::exists(lesson.folder / name / "resume/state_6.json")   ? 6
           : fs::exists(lesson.folder / name / "resume/state_4.json") ? 4
                                                                      : 0;
  };
  CHECK(saved("by_steps", 0) == 4);
  CHECK(saved("often", 1e-9) == 6);
  CHECK(saved("rarely", 60) == 0);
}

TEST_CASE("a state that cannot be saved is reported, and does not end the run") {
  Lesson lesson;
  const TrainingSettings settings = quick_settings();
  fs::create_directories(lesson.folder / "run");
  write_file_atomically(lesson.folder / "run/resume", "in the folder's place");
  CHECK(lesson.run(settings, "run").weights_sha256 == lesson.run(settings, "whole").weights_sha256);
  CHECK_THAT(read_text_file(lesson.folder / "run/log.jsonl"), ContainsSubstring("THE STATE COULD NOT BE SAVED"));
}

TEST_CASE(
    "a loss that is not finite on the way leaves the last good state and the best weights, from which it goes on") {
  Lesson lesson;
  constexpr std::int32_t kPoisoned = 3; // no question has this token
  const auto run = [&](const RunRequest& request) {
    DebertaForMultipleChoice network(tiny_config());
    initialise_weights(network, 0);
    const at::NoGradGuard no_grad;
    network.parameters().front().second[kPoisoned].fill_(std::numeric_limits<float>::quiet_NaN());
    return Lesson::run(network, request);
  };
  RunRequest request = lesson.request(quick_settings(), "whole");
  const RunResult whole = run(request);
  TrainingSet poisoned = lesson.broken(kPoisoned);
  request = lesson.request(quick_settings(), "stopped");
  request.train = &poisoned;
  std::string told;
  try {
    run(request);
  } catch (const WorkError& error) {
    told = error.what();
  }
  INFO(told);
  CHECK_THAT(told, ContainsSubstring("step 7: the loss is not finite") && ContainsSubstring(lesson.broken_place()));
  CHECK(std::count(told.begin(), told.end(), ';') == 8); // seven between eight rows, one before the advice
  CHECK(fs::exists(lesson.folder / "stopped/best/model.safetensors"));
  request.train = &lesson.train;
  request.resume = true;
  CHECK(run(request).weights_sha256 == whole.weights_sha256);
}
