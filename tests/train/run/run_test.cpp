// Whole runs of tiny networks on questions that can be learnt: the right option holds token 7.
#include "catch_beside_torch.hpp"
#include "checkpoint/checkpoint.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/inputs/data_order.hpp"
#include "train/run/checkpoint_folder.hpp"
#include "train/run/run.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

TrainingSet learnable_set(std::size_t count, std::uint64_t seed) {
  TrainingSet set;
  RandomSequence random({seed, {}});
  for (std::size_t q = 0; q < count; ++q) {
    Question question;
    question.id = std::to_string(q);
    question.answer = static_cast<int>(random.below(kOptions));
    EncodedQuestion encoded;
    for (int option = 0; option < kOptions; ++option) {
      auto& ids = encoded[static_cast<std::size_t>(option)].ids;
      ids = {1, static_cast<std::int32_t>(8 + random.below(12)), static_cast<std::int32_t>(8 + random.below(12)),
             option == *question.answer ? 7 : 6, 2};
      ids.resize(5 + random.below(4), 2);
      encoded[static_cast<std::size_t>(option)].type_ids.assign(ids.size(), 0);
    }
    set.lengths.push_back(token_count(encoded));
    set.questions.push_back(question);
    set.places.push_back("set.csv, row " + std::to_string(q + 2));
    set.encoded.push_back(encoded);
  }
  return set;
}

TrainingSettings quick_settings() {
  TrainingSettings settings;
  settings.max_steps = 24;
  settings.batch_size = 8;
  settings.token_budget = 100;
  settings.learning_rate = 0.01;
  settings.warmup_ratio = 0.1;
  settings.eval_steps = 6;
  settings.save_steps = 4;
  return settings;
}

struct Lesson {
  TrainingSet train = learnable_set(64, 1), valid = learnable_set(20, 2);
  TemporaryFolder folder;

  RunRequest request(const TrainingSettings& settings, const std::string& name) {
    RunRequest request;
    request.name = name;
    request.settings = settings;
    request.train = &train;
    request.valid = &valid;
    request.folder = folder / name;
    request.config_text = "{}";
    request.vocabulary = {.name = "spm.model", .bytes = "vocabulary", .source = "spm.model"};
    request.identity = "identity";
    return request;
  }
  RunResult run(const TrainingSettings& settings, const std::string& name) { return run(request(settings, name)); }
  Lesson() {
    at::set_num_threads(1); // such small products take longer on two threads, much longer beside other tests
  }
  /// The training set with another token, by default one that no vocabulary has, in the seventh step: after a
  /// validation and a state.
  TrainingSet broken(std::int32_t token = 1'000'000) const {
    TrainingSet set = train;
    set.encoded[broken_question()][2].ids[1] = token;
    return set;
  }
  std::string broken_place() const { return train.places[broken_question()]; }
  std::size_t broken_question() const {
    return epoch_batches(train.lengths, 0, {.seed = 0, .batch_size = 8, .group_by_length = false})[6].front();
  }
  static RunResult run(const RunRequest& request) {
    DebertaForMultipleChoice network(tiny_config());
    initialise_weights(network, static_cast<std::uint64_t>(request.settings.seed));
    return train_run(network, request);
  }
};

} // namespace

TEST_CASE("a run learns what can be learnt") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.max_steps = 150;
  settings.eval_steps = 50;
  const RunResult result = lesson.run(settings, "run");
  REQUIRE(result.best);
  CHECK(result.best->map_at_3 > 0.95);
  CHECK(fs::exists(lesson.folder / "run/best/model.safetensors"));
  CHECK(fs::exists(lesson.folder / "run/last/spm.model"));
  CHECK_THAT(read_text_file(lesson.folder / "run/log.jsonl"), ContainsSubstring("\"event\":\"validation\""));
}

TEST_CASE("a checkpoint carries the vocabulary under its own name") {
  Lesson lesson;
  RunRequest request = lesson.request(quick_settings(), "run");
  request.vocabulary = {.name = "tokenizer.json", .bytes = "{}", .source = "tokenizer.json"};
  Lesson::run(request);
  CHECK(read_text_file(lesson.folder / "run/last/tokenizer.json") == "{}");
  CHECK_FALSE(fs::exists(lesson.folder / "run/last/spm.model"));
}

TEST_CASE("equal runs give equal weights, and another seed gives others") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  const std::string first = lesson.run(settings, "first").weights_sha256;
  CHECK(lesson.run(settings, "second").weights_sha256 == first);
  settings.seed = 1;
  CHECK(lesson.run(settings, "third").weights_sha256 != first);
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
    train_run(network, lesson.request(settings, "budget_" + std::to_string(budget)));
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

TEST_CASE("a run that was stopped goes on to the same weights") {
  Lesson lesson;
  for (const char* variation : {"plain", "average", "adversary"}) {
    INFO(variation);
    TrainingSettings settings = quick_settings();
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

TEST_CASE("a torn state is passed over for the one before it") {
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
  REQUIRE(!states.empty());
  std::sort(states.begin(), states.end());
  fs::resize_file(states.back(), fs::file_size(states.back()) / 2);
  request.train = &lesson.train;
  request.resume = true;
  CHECK(Lesson::run(request).weights_sha256 == whole.weights_sha256);
}

TEST_CASE("a state that cannot be saved is told, and does not end the run") {
  Lesson lesson;
  const TrainingSettings settings = quick_settings();
  fs::create_directories(lesson.folder / "run");
  write_file_atomically(lesson.folder / "run/resume", "in the folder's place");
  CHECK(lesson.run(settings, "run").weights_sha256 == lesson.run(settings, "whole").weights_sha256);
  CHECK_THAT(read_text_file(lesson.folder / "run/log.jsonl"), ContainsSubstring("THE STATE COULD NOT BE SAVED"));
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
  const std::string last = sha256_of_file(lesson.folder / "best/last/model.safetensors");
  CHECK(best.weights_sha256 == sha256_of_file(lesson.folder / "best/best/model.safetensors"));
  CHECK(best.weights_sha256 != last);
  settings.load_best_model_at_end = false;
  const RunResult asked = lesson.run(settings, "last");
  CHECK(asked.result == "last");
  CHECK(asked.weights_sha256 == last);
  CHECK(!fs::exists(lesson.folder / "last/best"));
}

TEST_CASE("the average of weights is what is kept") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  DebertaForMultipleChoice initial(tiny_config()), kept(tiny_config());
  initialise_weights(initial, 0);
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

TEST_CASE("a folder that holds a run is not overwritten without being asked") {
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
  CHECK_THROWS_WITH(train_run(network, request), ContainsSubstring("not finite") && ContainsSubstring("set.csv, row "));
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
    return train_run(network, request);
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
      train_run(network, lesson.request(quick_settings(), "run")),
      ContainsSubstring("step 6: the scores of the options of set.csv, row 6, which validates, are not finite"));
  CHECK(!fs::exists(lesson.folder / "run/best"));
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
  CHECK_THROWS_WITH(train_run(network, lesson.request(quick_settings(), "run")),
                    ContainsSubstring("the gradient is not finite") && ContainsSubstring("set.csv, row "));
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(max_difference(network.parameters()[i].second.detach(), before[i]) == 0);
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

TEST_CASE("a finished run is recognised, and refused if its weights were changed") {
  Lesson lesson;
  const RunResult result = lesson.run(quick_settings(), "run");
  const auto found = finished_run(lesson.folder / "run", "identity");
  REQUIRE(found);
  CHECK(to_json(*found) == to_json(result));
  CHECK_THROWS_AS(finished_run(lesson.folder / "run", "other"), UsageError);
  fs::resize_file(lesson.folder / ("run/" + result.result + "/model.safetensors"), 100);
  CHECK_THROWS_AS(finished_run(lesson.folder / "run", "identity"), UsageError);
  CHECK(!finished_run(lesson.folder / "elsewhere", "identity"));
}

TEST_CASE("fresh weights are the same for the same seed, of the size that the configuration says") {
  DebertaConfig config = tiny_config();
  config.vocab_size = 5000;
  const DebertaForMultipleChoice first(config), second(config);
  initialise_weights(first, 3);
  initialise_weights(second, 3);
  CHECK(max_difference(first.parameters().front().second, second.parameters().front().second) == 0);
  initialise_weights(second, 4);
  CHECK(max_difference(first.parameters().front().second, second.parameters().front().second) > 0);
  CHECK(std::abs(first.parameters().front().second.std().item<double>() - 0.02) < 0.001);
}

TEST_CASE("steps are counted in epochs, or given") {
  TrainingSettings settings;
  settings.batch_size = 4;
  settings.num_train_epochs = 2;
  CHECK(total_steps(settings, 9) == 6);
  settings.num_train_epochs = 0.5;
  CHECK(total_steps(settings, 9) == 2);
  settings.max_steps = 17;
  CHECK(total_steps(settings, 9) == 17);
}
