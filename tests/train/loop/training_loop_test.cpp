// Whole runs of tiny networks.
#include "catch_beside_torch.hpp"
#include "checkpoint/checkpoint.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/lesson.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace fs = std::filesystem;

TEST_CASE("a run learns what can be learnt") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.max_steps = 150;
  settings.eval_steps = 50;
  const RunResult result = lesson.run(settings, "run");
  REQUIRE(result.best);
  CHECK(result.best->map_at_3 > 0.95);
  CHECK(fs::exists(lesson.folder / "run/best/model.safetensors"));
  CHECK(fs::exists(lesson.folder / "run/best/spm.model"));
  CHECK_THAT(read_text_file(lesson.folder / "run/log.jsonl"), ContainsSubstring("\"event\":\"validation\""));
}

TEST_CASE("a run learns from a teacher alone what it would from answers") {
  Lesson lesson;
  lesson.train = lesson.with_teacher();
  for (Question& question : lesson.train.questions)
    question.answer.reset();
  TrainingSettings settings = quick_settings();
  settings.max_steps = 150;
  settings.eval_steps = 50;
  settings.distillation_alpha = 0.3; // without answers it counts as 1
  const RunResult result = lesson.run(settings, "run");
  REQUIRE(result.best);
  CHECK(result.best->map_at_3 > 0.95);
}

TEST_CASE("a checkpoint carries the vocabulary under its own name") {
  Lesson lesson;
  RunRequest request = lesson.request(quick_settings(), "run");
  request.files.vocabulary = {.name = "tokenizer.json", .bytes = "{}", .source = "tokenizer.json"};
  Lesson::run(request);
  CHECK(read_text_file(lesson.folder / "run/best/tokenizer.json") == "{}");
  CHECK_FALSE(fs::exists(lesson.folder / "run/best/spm.model"));
}

TEST_CASE("equal runs give equal weights, and another seed gives others") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  const std::string first = lesson.run(settings, "first").weights_sha256;
  CHECK(lesson.run(settings, "second").weights_sha256 == first);
  settings.seed = 1;
  CHECK(lesson.run(settings, "third").weights_sha256 != first);
}

TEST_CASE("further contexts change a run only where its settings ask for them, and equal runs are equal then too") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  const std::string usual = lesson.run(settings, "usual").weights_sha256;
  lesson.train = lesson.with_contexts();
  CHECK(lesson.run(settings, "first_alone").weights_sha256 == usual);
  settings.contexts_per_question = 3;
  const std::string several = lesson.run(settings, "several").weights_sha256;
  CHECK(several != usual);
  CHECK(lesson.run(settings, "again").weights_sha256 == several);
}

TEST_CASE("a batch split by the token budget learns as the whole batch does") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.hidden_dropout_prob = settings.attention_probs_dropout_prob = 0; // masks differ by pass
  settings.max_steps = 3;
  settings.load_best_model_at_end = false;
  const auto weights = [&](std::int64_t budget) {
    DebertaConfig config = tiny_config();
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
    DebertaForMultipleChoice network(config);
    initialise_weights(network, 0);
    settings.token_budget = budget;
    Lesson::run(network, lesson.request(settings, "budget_" + std::to_string(budget)));
    return network;
  };
  const DebertaForMultipleChoice whole = weights(100'000), parts = weights(60);
  // Adam's first steps go by the gradient's sign: an element whose gradient is rounding noise may go either way.
  std::size_t apart = 0, all = 0;
  for (std::size_t i = 0; i < whole.parameters().size(); ++i) {
    const at::Tensor difference = (whole.parameters()[i].second.detach() - parts.parameters()[i].second.detach()).abs();
    apart += static_cast<std::size_t>((difference > 1e-4).sum().item<std::int64_t>());
    all += static_cast<std::size_t>(difference.numel());
  }
  CHECK(apart * 100 < all);
}

TEST_CASE("the result is the best weights, or, where that is asked for, the last") {
  Lesson lesson;
  for (Question& question : lesson.valid.questions) // the more is learnt, the worse are the answers to these
    question.answer = (*question.answer + 1) % kOptions;
  TrainingSettings settings = quick_settings();
  settings.max_steps = 60;
  const RunResult best = lesson.run(settings, "best");
  CHECK(best.result == "best");
  CHECK(best.best_step < 60);
  CHECK(best.best->map_at_3 > best.last->map_at_3);
  CHECK(!fs::exists(lesson.folder / "best/last")); // gigabytes that nobody asked for
  CHECK(best.weights_sha256 == sha256_of_file(lesson.folder / "best/best/model.safetensors"));
  settings.load_best_model_at_end = false;
  const RunResult asked = lesson.run(settings, "last");
  CHECK(asked.result == "last");
  CHECK(asked.weights_sha256 == sha256_of_file(lesson.folder / "last/last/model.safetensors"));
  CHECK(asked.weights_sha256 != best.weights_sha256);
  CHECK(!fs::exists(lesson.folder / "last/best"));
}

TEST_CASE("the average of weights is what is kept") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  DebertaForMultipleChoice initial(tiny_config()), kept(tiny_config());
  initialise_weights(initial, 0);
  settings.load_best_model_at_end = false;
  const auto moved_by = [&](double ema_decay, const std::string& name) {
    settings.ema_decay = ema_decay;
    lesson.run(settings, name);
    load_weights(kept, *open_checkpoint(lesson.folder / name / "last"), Purpose::answering, 1);
    double most = 0;
    for (std::size_t i = 0; i < kept.parameters().size(); ++i)
      most = std::max(most, max_difference(kept.parameters()[i].second, initial.parameters()[i].second));
    return most;
  };
  CHECK(moved_by(0, "weights") > 0.01);
  CHECK(moved_by(0.999999, "average") < 1e-5); // it has hardly begun to follow
}

TEST_CASE("a run whose time is up saves its state, and goes on to the same weights") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.save_steps = 1000;
  const std::string whole = lesson.run(settings, "whole").weights_sha256;
  int asked = 0; // before each step
  RunRequest request = lesson.request(settings, "run");
  request.resume = true;
  request.seconds_left = [&] { return ++asked > 10 ? 0.0 : 1e9; };
  const auto train = [&] {
    DebertaForMultipleChoice network(tiny_config());
    initialise_weights(network, 0);
    CpuEngine engine(network, request.settings, *request.train);
    return train_run(engine, request);
  };
  CHECK(!train());
  CHECK(fs::exists(lesson.folder / "run/resume/state_10.json"));
  CHECK(!train()); // not even a step
  CHECK(!fs::exists(lesson.folder / "run/result.json"));
  request.seconds_left = {};
  CHECK(train()->weights_sha256 == whole);
}

TEST_CASE("a run does not begin a step that would end after the time is up") {
  Lesson lesson;
  RunRequest request = lesson.request(quick_settings(), "run");
  int asked = 0;
  request.seconds_left = [&] { return ++asked > 2 ? 1e-9 : 1e9; }; // less than any step takes
  DebertaForMultipleChoice network(tiny_config());
  initialise_weights(network, 0);
  CpuEngine engine(network, request.settings, *request.train);
  CHECK(!train_run(engine, request));
  CHECK(fs::exists(lesson.folder / "run/resume/state_2.json"));
}

TEST_CASE("a folder that holds a run is not overwritten unless asked") {
  Lesson lesson;
  const TrainingSettings settings = quick_settings();
  lesson.run(settings, "run");
  CHECK_THROWS_WITH(lesson.run(settings, "run"), ContainsSubstring("--resume"));
}

TEST_CASE("a loss that is not finite ends the run and names the rows") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  RunRequest request = lesson.request(settings, "run");
  DebertaForMultipleChoice network(tiny_config());
  initialise_weights(network, 0);
  {
    const at::NoGradGuard no_grad;
    network.parameters().front().second[7].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  CHECK_THROWS_WITH(Lesson::run(network, request),
                    ContainsSubstring("not finite") && ContainsSubstring("set.csv, row "));
}

TEST_CASE("a gradient that is not finite, though the loss is, ends the run before it moves a weight") {
  Lesson lesson;
  DebertaForMultipleChoice network(tiny_config());
  initialise_weights(network, 0);
  std::vector<at::Tensor> before;
  {
    const at::NoGradGuard no_grad;
    // All options score alike; the pooler's gradient is a product of these two sizes.
    for (const auto& [name, tensor] : network.parameters()) {
      if (name.starts_with("pooler."))
        tensor.zero_();
      else if (name == "classifier.weight")
        tensor.fill_(3e38F);
      else if (name == "deberta.encoder.layer.1.output.LayerNorm.weight")
        tensor.fill_(1000);
      before.push_back(tensor.clone());
    }
  }
  CHECK_THROWS_WITH(Lesson::run(network, lesson.request(quick_settings(), "run")),
                    ContainsSubstring("the gradient is not finite") && ContainsSubstring("set.csv, row "));
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(max_difference(network.parameters()[i].second.detach(), before[i]) == 0);
}

TEST_CASE("weights that give no number for a validation question are not kept as the best") {
  Lesson lesson;
  constexpr std::int32_t kPoisoned = 3;
  lesson.valid.encoded[4][2].ids[1] = kPoisoned;
  DebertaForMultipleChoice network(tiny_config());
  initialise_weights(network, 0);
  {
    const at::NoGradGuard no_grad;
    network.parameters().front().second[kPoisoned].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  CHECK_THROWS_WITH(
      Lesson::run(network, lesson.request(quick_settings(), "run")),
      ContainsSubstring("step 6: the scores of the options of set.csv, row 6, which validates, are not finite"));
  CHECK(!fs::exists(lesson.folder / "run/best"));
}

TEST_CASE("early stopping ends a run that gets no better") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.learning_rate = 0; // the second validation cannot be better
  settings.early_stopping_patience = 2;
  const RunResult result = lesson.run(settings, "run");
  CHECK(result.stopped_early);
  CHECK(result.steps == 18);
  CHECK(result.best_step == 6);
}
